%% Copyright (c) the drover authors. SPDX-License-Identifier: MIT
%%
%% Rows of benches/savina on Erlang/OTP for erlang_peer to run: the problems of Savina in which many actors share something.
%% Each header of benches/savina describes its workload; sizes, random numbers and answers are those of benches/savina/shape.
-module(savina_peer).
-export([run/2, names/0]).

-define(CREATURES, 100).
-define(BIG_ACTORS, 120).
-define(DICTIONARY_WORKERS, 20).
-define(DICTIONARY_KEYS, 524287).
-define(LIST_WORKERS, 20).

names() -> "chameneos big concurrent_dictionary concurrent_sorted_list".

%% As erlang_peer's: nanoseconds, what they are divided by, the answer, and the right one.
run("chameneos", N) ->
    Main = self(),
    Mall = spawn(fun() -> mall(Main, N) end),
    Creatures = [spawn(fun() -> receive go -> go_to_mall(Mall, Place rem 3, 0) end end)
                 || Place <- lists:seq(0, ?CREATURES - 1)],
    {Elapsed, Answer} = timed(fun() -> tell_all(Creatures, go) end),
    {Elapsed, N, Answer, 3 * 2 * N + lists:sum([Place rem 3 || Place <- lists:seq(0, ?CREATURES - 1)]) rem 3};
run("big", N) ->
    Each = max(1, N div ?BIG_ACTORS),
    Sink = sink(?BIG_ACTORS),
    Actors = [spawn(fun() ->
                  receive {meet, All} -> ok end,
                  receive go -> big_ping(Sink, Place, All, Each, first_random(Place), 0) end
              end) || Place <- lists:seq(0, ?BIG_ACTORS - 1)],
    tell_all(Actors, {meet, list_to_tuple(Actors)}),
    {Elapsed, Answer} = timed(fun() -> tell_all(Actors, go) end),
    {Elapsed, Each * ?BIG_ACTORS, Answer,
     lists:sum([big_expected(Each, first_random(Place), 0) || Place <- lists:seq(0, ?BIG_ACTORS - 1)])};
run("concurrent_dictionary", N) ->
    Each = max(1, N div ?DICTIONARY_WORKERS),
    Main = self(),
    Sink = sink(?DICTIONARY_WORKERS),
    Dictionary = spawn(fun() ->
        Entries = ets:new(entries, [set, private]), % what a process keeps that has much to change
        [ets:insert(Entries, {Key, Key}) || Key <- lists:seq(0, ?DICTIONARY_KEYS - 1)],
        Main ! full,
        dictionary(Entries)
    end),
    receive full -> ok end,
    Places = lists:seq(0, ?DICTIONARY_WORKERS - 1),
    Workers = [spawn(fun() ->
                   receive go -> Sink ! {value, dictionary_worker(Dictionary, Each, first_random(Place), 0)} end
               end) || Place <- Places],
    {Elapsed, Answer} = timed(fun() -> tell_all(Workers, go) end),
    {Elapsed, Each * ?DICTIONARY_WORKERS, Answer,
     lists:sum([dictionary_expected(Each, first_random(Place), 0) || Place <- Places])};
run("concurrent_sorted_list", N) ->
    Each = max(1, N div ?LIST_WORKERS),
    Sink = sink(?LIST_WORKERS),
    Keeper = spawn(fun() -> list_keeper([]) end),
    Places = lists:seq(0, ?LIST_WORKERS - 1),
    Workers = [spawn(fun() ->
                   receive go -> Sink ! {value, list_worker(Keeper, Place, Each, first_random(Place), 0, 0)} end
               end) || Place <- Places],
    {Elapsed, Answer} = timed(fun() -> tell_all(Workers, go) end),
    {Elapsed, Each * ?LIST_WORKERS, Answer,
     lists:sum([list_expected(Place, Each, first_random(Place), #{}, 0) || Place <- Places])}.

timed(Start) -> erlang_peer:timed(Start).

tell_all(Actors, Message) -> lists:foreach(fun(Actor) -> Actor ! Message end, Actors).

sink(Expected) ->
    Main = self(),
    spawn(fun() -> erlang_peer:sink(Main, Expected, 0) end).

%% std::minstd_rand; the number itself is the state.
first_random(Number) -> 7919 * (Number + 1).
next_random(State) -> State * 48271 rem 2147483647.

%% Chameneos.
mall(Main, 0) -> mall_ends(Main, ?CREATURES, 0, 0);
mall(Main, Left) ->
    receive {meet, First, _} ->
        receive {meet, Second, Colour} ->
            First ! {meet, Second, Colour},
            mall(Main, Left - 1)
        end
    end.

mall_ends(Main, 0, Met, Colours) -> Main ! {answer, 3 * Met + Colours rem 3};
mall_ends(Main, Left, Met, Colours) ->
    receive
        {meet, Who, _} -> Who ! fade, mall_ends(Main, Left, Met, Colours);
        {faded, TheirMet, Colour} -> mall_ends(Main, Left - 1, Met + TheirMet, Colours + Colour)
    end.

go_to_mall(Mall, Colour, Met) ->
    Mall ! {meet, self(), Colour},
    receive
        {meet, Other, Theirs} ->
            New = (6 - Colour - Theirs) rem 3,
            Other ! {change, New},
            go_to_mall(Mall, New, Met + 1);
        {change, New} -> go_to_mall(Mall, New, Met + 1);
        fade -> Mall ! {faded, Met, Colour}
    end.

%% Big.
big_ping(Sink, Place, All, Left, State, Sum) ->
    Next = next_random(State),
    Pinged = Next rem ?BIG_ACTORS,
    element(Pinged + 1, All) ! {ping, Place},
    big_actor(Sink, Place, All, Left - 1, Next, Pinged, Sum).

big_actor(Sink, Place, All, Left, State, Pinged, Sum) ->
    receive
        {ping, From} ->
            element(From + 1, All) ! {pong, Place},
            big_actor(Sink, Place, All, Left, State, Pinged, Sum);
        {pong, Pinged} when Left =:= 0 ->
            Sink ! {value, Sum + Pinged + 1},
            big_actor(Sink, Place, All, Left, State, none, 0);
        {pong, Pinged} ->
            big_ping(Sink, Place, All, Left, State, Sum + Pinged + 1)
    end.

big_expected(0, _State, Sum) -> Sum;
big_expected(Left, State, Sum) ->
    Next = next_random(State),
    big_expected(Left - 1, Next, Sum + Next rem ?BIG_ACTORS + 1).

%% Concurrent dictionary.
dictionary(Entries) ->
    receive
        {read, From, Key} ->
            [{_, Value}] = ets:lookup(Entries, Key),
            From ! {result, Value};
        {write, From, Key, Value} ->
            ets:insert(Entries, {Key, Value}),
            From ! {result, Value}
    end,
    dictionary(Entries).

next_dictionary_request(State) ->
    Dice = next_random(State),
    Next = next_random(Dice),
    Key = Next rem ?DICTIONARY_KEYS,
    if
        Dice rem 100 < 10 ->
            Last = next_random(Next),
            {write, Key, Key + ?DICTIONARY_KEYS * (Last rem 1000), Last};
        true -> {read, Key, 0, Next}
    end.

dictionary_worker(_Dictionary, 0, _State, Sum) -> Sum;
dictionary_worker(Dictionary, Left, State, Sum) ->
    Next = case next_dictionary_request(State) of
        {write, Key, Value, Last} -> Dictionary ! {write, self(), Key, Value}, Last;
        {read, Key, _, Last} -> Dictionary ! {read, self(), Key}, Last
    end,
    receive {result, Result} ->
        dictionary_worker(Dictionary, Left - 1, Next, Sum + Result rem ?DICTIONARY_KEYS)
    end.

dictionary_expected(0, _State, Sum) -> Sum;
dictionary_expected(Left, State, Sum) ->
    {_, Key, _, Next} = next_dictionary_request(State),
    dictionary_expected(Left - 1, Next, Sum + Key).

%% Concurrent sorted list.
list_keeper(Values) ->
    receive
        {size, From} -> From ! {result, length(Values)}, list_keeper(Values);
        {add, From, Value} ->
            New = insert(Value, Values),
            From ! {result, Value},
            list_keeper(New);
        {contains, From, Value} -> From ! {result, contains(Value, Values)}, list_keeper(Values)
    end.

insert(Value, [First | Rest]) when First =< Value -> [First | insert(Value, Rest)];
insert(Value, Values) -> [Value | Values].

contains(Value, [First | Rest]) when First < Value -> contains(Value, Rest);
contains(Value, [Value | _]) -> 1;
contains(_Value, _Values) -> 0.

next_list_request(Place, State) ->
    Dice = next_random(State),
    Next = next_random(Dice),
    Kind = case Dice rem 100 of
        0 -> size;
        Small when Small < 11 -> add;
        _ -> contains
    end,
    {Kind, Next rem 4096 * ?LIST_WORKERS + Place, Next}.

list_worker(_Keeper, _Place, 0, _State, _Added, Sum) -> Sum;
list_worker(Keeper, Place, Left, State, Added, Sum) ->
    {Kind, Value, Next} = next_list_request(Place, State),
    case Kind of
        size -> Keeper ! {size, self()};
        _ -> Keeper ! {Kind, self(), Value}
    end,
    receive
        {result, Size} when Kind =:= size, Size >= Added ->
            list_worker(Keeper, Place, Left - 1, Next, Added, Sum + 1);
        {result, Value} when Kind =:= add -> list_worker(Keeper, Place, Left - 1, Next, Added + 1, Sum + Value);
        {result, Found} when Kind =:= contains -> list_worker(Keeper, Place, Left - 1, Next, Added, Sum + Found)
    end.

list_expected(_Place, 0, _State, _Own, Sum) -> Sum;
list_expected(Place, Left, State, Own, Sum) ->
    {Kind, Value, Next} = next_list_request(Place, State),
    case Kind of
        size -> list_expected(Place, Left - 1, Next, Own, Sum + 1);
        add -> list_expected(Place, Left - 1, Next, Own#{Value => true}, Sum + Value);
        contains when is_map_key(Value, Own) -> list_expected(Place, Left - 1, Next, Own, Sum + 1);
        contains -> list_expected(Place, Left - 1, Next, Own, Sum)
    end.
