%% Copyright (c) the drover authors. SPDX-License-Identifier: MIT
%%
%% The workloads of benches/savina on Erlang/OTP. Senders, counts, answers and what is timed are the same as on drover's
%% side; each header of benches/savina describes its workload. Two are missing, because their sender is a thread that is
%% no worker, and Erlang has only processes: counting from outside, and fork-join throughput. Start it as run.py does:
%%     erl +S 2:2 -noshell -noinput -pa DIR -run erlang_peer main -extra --workload NAME --messages N --threads 2
%% Exit status 0: the answer was right and as many schedulers as asked for were online. 1: not so. 2: usage.
-module(erlang_peer).
-export([main/0]).

-define(RING_ACTORS, 100).
-define(PRODUCERS, 4).
-define(MEMBERS, 60).
-define(THETA, 37.2).

main() ->
    try
        Options = options(init:get_plain_arguments(), #{threads => 2}),
        #{workload := Workload, messages := Messages, threads := Threads} = Options,
        {Elapsed, Count, Answer, Expected} = run(Workload, Messages),
        Workers = erlang:system_info(schedulers_online),
        ok = expect("the answer", Answer, Expected),
        ok = expect("the number of schedulers", Workers, Threads),
        io:format("{\"side\": \"erlang\", \"workload\": \"~s\", \"messages\": ~b, \"ns_per_message\": ~.3f, "
                  "\"workers\": ~b, \"optimised\": true}~n",
                  [Workload, Count, Elapsed / Count, Workers]),
        halt(0)
    catch
        throw:{wrong, What, Got, Wanted} ->
            complain("erlang: the result is wrong: ~s is ~p, and ~p was expected.~n", [What, Got, Wanted], 1);
        throw:timeout ->
            complain("erlang: no answer arrived within 120 seconds.~n", [], 1);
        _:_ ->
            complain("usage: erlang_peer --workload NAME --messages N [--threads N]~nNAME is one of: ping_pong "
                     "thread_ring counting_actor fan_in fork_join_throughput_actor fork_join_create~n", [], 2)
    end.

complain(Format, Arguments, Status) ->
    io:format(standard_error, Format, Arguments),
    halt(Status).

options([], Options) -> Options;
options(["--workload", Name | Rest], Options) -> options(Rest, Options#{workload => Name});
options(["--messages", N | Rest], Options) -> options(Rest, Options#{messages => positive(N)});
options(["--threads", N | Rest], Options) -> options(Rest, Options#{threads => positive(N)}).

positive(Text) ->
    Number = list_to_integer(Text),
    true = Number > 0,
    Number.

expect(_What, Same, Same) -> ok;
expect(What, Got, Wanted) -> throw({wrong, What, Got, Wanted}).

%% Sends the first message by calling Start, waits for {answer, A}, and gives the nanoseconds and A.
timed(Start) ->
    Before = erlang:monotonic_time(nanosecond),
    Start(),
    receive
        {answer, Answer} -> {erlang:monotonic_time(nanosecond) - Before, Answer}
    after 120000 -> throw(timeout)
    end.

run("ping_pong", N) ->
    Main = self(),
    Ping = spawn(fun() -> player_meets(Main) end),
    Pong = spawn(fun() -> player_meets(Main) end),
    Ping ! {meet, Pong},
    Pong ! {meet, Ping},
    {Elapsed, Seen} = timed(fun() -> Ping ! {ball, N - 1} end),
    {Elapsed, N, Seen, (N + 1) div 2};
run("thread_ring", N) ->
    Main = self(),
    Last = spawn(fun() -> receive {close, First} -> ring_member(Main, ?RING_ACTORS - 1, First) end end),
    First = lists:foldl(fun(Place, Next) -> spawn(fun() -> ring_member(Main, Place, Next) end) end,
                        Last, lists:seq(?RING_ACTORS - 2, 0, -1)),
    Last ! {close, First},
    {Elapsed, Place} = timed(fun() -> First ! {token, N - 1} end),
    {Elapsed, N, Place, (N - 1) rem ?RING_ACTORS};
run("counting_actor", N) ->
    Main = self(),
    Counter = spawn(fun() -> counter(0) end),
    Producer = spawn(fun() -> counting_producer(Main, Counter) end),
    {Elapsed, Count} = timed(fun() -> Producer ! {go, N} end),
    {Elapsed, N, Count, N};
run("fan_in", N) ->
    Main = self(),
    Each = max(1, N div ?PRODUCERS),
    Sink = spawn(fun() -> sink(Main, Each * ?PRODUCERS, 0) end),
    Producers = [spawn(fun() -> receive {go, Count} -> send_numbers(Sink, 0, Count) end end)
                 || _ <- lists:seq(1, ?PRODUCERS)],
    {Elapsed, Sum} = timed(fun() -> [Producer ! {go, Each} || Producer <- Producers] end),
    {Elapsed, Each * ?PRODUCERS, Sum, ?PRODUCERS * (Each * (Each - 1) div 2)};
run("fork_join_throughput_actor", N) ->
    Main = self(),
    Each = max(1, N div ?MEMBERS),
    All = Each * ?MEMBERS,
    Done = atomics:new(1, []),
    Theta = ?THETA + 0 * N, % as below
    Sender = spawn(fun() -> receive {go, Count} -> fork(Main, Done, Theta, All, Count) end end),
    {Elapsed, Total} = timed(fun() -> Sender ! {go, Each} end),
    {Elapsed, All, Total, All};
run("fork_join_create", N) ->
    Main = self(),
    Done = atomics:new(1, []),
    Theta = ?THETA + 0 * N, % not a constant, else the compiler works out the sine beforehand
    {Elapsed, Total} = timed(fun() -> create(Main, Done, Theta, N, N) end),
    {Elapsed, N, Total, N}.

player_meets(Main) ->
    receive {meet, Other} -> player(Main, Other, 0) end.

player(Main, Other, Seen) ->
    receive
        {ball, 0} -> Main ! {answer, Seen + 1};
        {ball, Left} -> Other ! {ball, Left - 1}, player(Main, Other, Seen + 1)
    end.

ring_member(Main, Place, Next) ->
    receive
        {token, 0} -> Main ! {answer, Place};
        {token, Left} -> Next ! {token, Left - 1}, ring_member(Main, Place, Next)
    end.

counter(Count) ->
    receive
        increment -> counter(Count + 1);
        {retrieve, From} -> From ! {count, Count}
    end.

counting_producer(Main, Counter) ->
    receive {go, N} -> send_increments(Counter, N) end,
    Counter ! {retrieve, self()},
    receive {count, Count} -> Main ! {answer, Count} end.

send_increments(_Counter, 0) -> ok;
send_increments(Counter, N) -> Counter ! increment, send_increments(Counter, N - 1).

sink(Main, 0, Sum) -> Main ! {answer, Sum};
sink(Main, Left, Sum) ->
    receive {value, Number} -> sink(Main, Left - 1, Sum + Number) end.

send_numbers(_Sink, Count, Count) -> ok;
send_numbers(Sink, Number, Count) -> Sink ! {value, Number}, send_numbers(Sink, Number + 1, Count).

fork(Main, Done, Theta, All, Each) ->
    Members = [spawn(fun() -> member(Main, Done, Theta, All, Each, Each) end) || _ <- lists:seq(1, ?MEMBERS)],
    send_jobs(Members, Each).

send_jobs(_Members, 0) -> ok;
send_jobs(Members, Left) ->
    send_job(Members),
    send_jobs(Members, Left - 1).

send_job([]) -> ok;
send_job([Member | Rest]) -> Member ! job, send_job(Rest).

member(Main, Done, _Theta, All, Each, 0) ->
    case atomics:add_get(Done, 1, Each) of
        All -> Main ! {answer, All};
        _ -> ok
    end;
member(Main, Done, Theta, All, Each, Left) ->
    receive job ->
        true = math:pow(math:sin(Theta), 2) > 0.0,
        member(Main, Done, Theta, All, Each, Left - 1)
    end.

create(_Main, _Done, _Theta, _All, 0) -> ok;
create(Main, Done, Theta, All, Left) ->
    Actor = spawn(fun() -> one_shot(Main, Done, Theta, All) end),
    Actor ! job,
    create(Main, Done, Theta, All, Left - 1).

%% Counting is the last thing the process does; what follows is its end.
one_shot(Main, Done, Theta, All) ->
    Worked = receive job -> math:pow(math:sin(Theta), 2) > 0.0 end,
    case Worked andalso atomics:add_get(Done, 1, 1) of
        All -> Main ! {answer, All};
        _ -> ok
    end.
