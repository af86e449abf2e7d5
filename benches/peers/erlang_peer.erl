%% Copyright (c) the drover authors. SPDX-License-Identifier: MIT
%%
%% The workloads of benches/savina on Erlang/OTP. Senders, counts, answers and what is timed are the same as on drover's
%% side; each header of benches/savina and benches/actor describes its workload. Two are missing, because their sender is a thread that is
%% no worker, and Erlang has only processes: counting from outside, and fork-join throughput. Start it as run.py does:
%%     erl +S 2:2 -noshell -noinput -pa DIR -run erlang_peer main -extra --workload NAME --messages N --threads 2
%% Exit status 0: the answer was right and as many schedulers as asked for were online. 1: not so. 2: usage.
-module(erlang_peer).
-behaviour(gen_server).
-export([main/0, timed/1, sink/3, init/1, handle_call/3, handle_cast/2, start_phoenix/1]).

-define(RING_ACTORS, 100).
-define(PRODUCERS, 4).
-define(MEMBERS, 60).
-define(THETA, 37.2).
-define(CROWD, 1000000).

main() ->
    try
        Options = options(init:get_plain_arguments(), #{threads => 2}),
        #{workload := Workload, messages := Messages, threads := Threads} = Options,
        {Elapsed, Count, Answer, Expected} = run(Workload, Messages),
        Workers = erlang:system_info(schedulers_online),
        ok = expect("the answer", Answer, Expected),
        ok = expect("the number of schedulers", Workers, Threads),
        io:format("{\"side\": \"erlang\", \"workload\": \"~s\", \"messages\": ~b, \"ns_per_message\": ~.3f, "
                  "\"workers\": ~b, \"answer\": ~b, \"optimised\": true}~n",
                  [Workload, Count, Elapsed / Count, Workers, Answer]),
        halt(0)
    catch
        throw:{wrong, What, Got, Wanted} ->
            complain("erlang: the result is wrong: ~s is ~p, and ~p was expected.~n", [What, Got, Wanted], 1);
        throw:timeout ->
            complain("erlang: no answer arrived within 120 seconds.~n", [], 1);
        _:_ ->
            complain("usage: erlang_peer --workload NAME --messages N [--threads N]~nNAME is one of: ping_pong "
                     "thread_ring counting_actor fan_in fork_join_throughput_actor fork_join_create ask_coroutine "
                     "watch_stop timer_cancel timer_fire restart ~s~n", [savina_peer:names()], 2)
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
    {Elapsed, N, Total, N};
run("ask_coroutine", N) ->
    Main = self(),
    {ok, Doubler} = gen_server:start(?MODULE, doubler, []),
    Asker = spawn(fun() -> receive {go, Count} -> Main ! {answer, ask(Doubler, Count, 0)} end end),
    {Elapsed, Sum} = timed(fun() -> Asker ! {go, N} end),
    {Elapsed, N, Sum, N * (N + 1)};
run("watch_stop", N) ->
    Main = self(),
    Watcher = spawn(fun() -> receive {go, Count} -> Main ! {answer, watch(Count, 0)} end end),
    {Elapsed, Ended} = timed(fun() -> Watcher ! {go, N} end),
    {Elapsed, N, Ended, N};
run("timer_cancel", N) ->
    Main = self(),
    Owner = spawn(fun() ->
        [erlang:send_after(3600000 + spread(I) div 1000, self(), alarm) || I <- lists:seq(0, ?CROWD - 1)],
        Main ! ready,
        receive {go, Count} -> Main ! {answer, cancel(0, Count, 0)} end
    end),
    receive ready -> ok after 120000 -> throw(timeout) end,
    {Elapsed, Cancelled} = timed(fun() -> Owner ! {go, N} end),
    {Elapsed, N, Cancelled, N};
run("timer_fire", N) ->
    Main = self(),
    Owner = spawn(fun() ->
        receive {go, Count} ->
            set(0, Count),
            Main ! {answer, alarms(Count, 0)}
        end
    end),
    {Elapsed, Seen} = timed(fun() -> Owner ! {go, N} end),
    {Elapsed, N, Seen, N};
run("restart", N) ->
    ok = logger:set_primary_config(level, none), % nothing is written about the failures
    Main = self(),
    Patron = spawn(fun() ->
        receive {go, Count} ->
            {ok, _} = supervisor:start_link(?MODULE, {supervisor, self()}),
            Main ! {answer, burn(Count, 0)},
            receive stop -> ok end
        end
    end),
    {Elapsed, Seen} = timed(fun() -> Patron ! {go, N} end),
    {Elapsed, N, Seen, N + 1};
run(Workload, N) ->
    savina_peer:run(Workload, N).

%% The server that is asked, and the supervisor that restarts as often as there are failures.
init(doubler) -> {ok, none};
init({supervisor, Patron}) ->
    {ok, {#{strategy => one_for_one, intensity => 1000000000, period => 1},
          [#{id => phoenix, start => {?MODULE, start_phoenix, [Patron]}}]}}.

handle_call({question, Number}, _From, State) -> {reply, 2 * Number, State}.
handle_cast(_Nothing, State) -> {noreply, State}.

ask(_Doubler, 0, Sum) -> Sum;
ask(Doubler, Left, Sum) -> ask(Doubler, Left - 1, Sum + gen_server:call(Doubler, {question, Left}, infinity)).

watch(0, Ended) -> Ended;
watch(Left, Ended) ->
    Child = spawn(fun() -> receive 'end' -> ok end end),
    Monitor = monitor(process, Child),
    Child ! 'end',
    receive {'DOWN', Monitor, process, Child, normal} -> watch(Left - 1, Ended + 1) end.

spread(I) -> I * 7919 rem 1000003 rem 1000000.

cancel(Count, Count, Cancelled) -> Cancelled;
cancel(I, Count, Cancelled) ->
    Timer = erlang:send_after(3600000 + spread(I) div 1000, self(), alarm),
    case erlang:cancel_timer(Timer) of
        false -> cancel(I + 1, Count, Cancelled);
        _Left -> cancel(I + 1, Count, Cancelled + 1)
    end.

set(Count, Count) -> ok;
set(I, Count) ->
    erlang:send_after(1 + spread(I) rem 100, self(), alarm),
    set(I + 1, Count).

alarms(Count, Count) -> Count;
alarms(Count, Seen) -> receive alarm -> alarms(Count, Seen + 1) end.

%% proc_lib's start is what a supervisor expects of a process that is no gen_server.
start_phoenix(Patron) ->
    {ok, proc_lib:spawn_link(fun() ->
        Patron ! {there, self()},
        receive burn -> error(told_to_fail) end
    end)}.

burn(Left, Seen) ->
    receive
        {there, _Child} when Seen =:= Left -> Seen + 1;
        {there, Child} -> Child ! burn, burn(Left, Seen + 1)
    end.

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
