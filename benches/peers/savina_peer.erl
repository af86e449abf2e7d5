%% Copyright (c) the drover authors. SPDX-License-Identifier: MIT
%%
%% Rows of benches/savina on Erlang/OTP for erlang_peer to run: the problems of Savina in which many actors share
%% something. Each header of benches/savina describes its workload; sizes, random numbers and answers are those of
%% benches/savina/shape.
-module(savina_peer).
-export([run/2, names/0]).

-define(CREATURES, 100).
-define(BIG_ACTORS, 120).
-define(DICTIONARY_WORKERS, 20).
-define(DICTIONARY_KEYS, 524287).
-define(LIST_WORKERS, 20).
-define(PRODUCERS, 40).
-define(CONSUMERS, 40).
-define(BUFFER_ROOM, 10).
-define(ITEM_COST, 25).
-define(PHILOSOPHERS, 20).
-define(WAITING_ROOM, 1000).
-define(BARBER_RANDOM, 0).
-define(STREET_RANDOM, 1).
-define(SMOKERS, 200).
-define(SERIES, 10).
-define(ACCOUNTS, 1000).
-define(BALANCE, 1000000000).

names() -> "chameneos big concurrent_dictionary concurrent_sorted_list bounded_buffer "
           "dining_philosophers sleeping_barber cigarette_smokers logistic_map banking".

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
     lists:sum([list_expected(Place, Each, first_random(Place), #{}, 0) || Place <- Places])};
run("bounded_buffer", N) ->
    Each = max(1, N div ?PRODUCERS),
    Sink = sink(?CONSUMERS),
    Manager = spawn(fun() ->
        receive {go, Producers, Consumers} ->
            tell_all(Producers, produce),
            buffer_manager(?PRODUCERS, queue:new(), queue:from_list(Consumers), ?CONSUMERS, queue:new(), 0)
        end
    end),
    Producers = [spawn(fun() -> buffer_producer(Manager, Each, 0.0) end) || _ <- lists:seq(1, ?PRODUCERS)],
    Consumers = [spawn(fun() -> buffer_consumer(Sink, Manager, 0.0, 0) end) || _ <- lists:seq(1, ?CONSUMERS)],
    {Elapsed, Answer} = timed(fun() -> Manager ! {go, Producers, Consumers} end),
    {Elapsed, Each * ?PRODUCERS, Answer, ?PRODUCERS * buffer_expected(Each, 0.0, 0)};
run("dining_philosophers", N) ->
    Each = max(1, N div ?PHILOSOPHERS),
    Main = self(),
    Arbitrator = spawn(fun() -> arbitrator(Main, 0, ?PHILOSOPHERS, 0) end),
    All = [spawn(fun() -> philosopher(Arbitrator, Place, Each, 0) end) || Place <- lists:seq(0, ?PHILOSOPHERS - 1)],
    {Elapsed, Answer} = timed(fun() -> tell_all(All, start) end),
    {Elapsed, Each * ?PHILOSOPHERS, Answer, 2 * Each * ?PHILOSOPHERS + ?PHILOSOPHERS};
run("sleeping_barber", N) ->
    Main = self(),
    Barber = spawn(fun() -> barber(Main, first_random(?BARBER_RANDOM)) end),
    Room = spawn(fun() -> barber_room(Barber, queue:new(), 0, true) end),
    Street = spawn_for_many(fun() ->
        receive {go, Customers} ->
            Last = customers(Room, Customers, first_random(?STREET_RANDOM)),
            street(Room, Customers, Last, 0)
        end
    end),
    {Elapsed, Answer} = timed(fun() -> Street ! {go, N} end),
    {Elapsed, N, Answer,
     N + lists:sum([pass_times(N, first_random(Number)) || Number <- [?BARBER_RANDOM, ?STREET_RANDOM]])};
run("cigarette_smokers", N) ->
    Sink = sink(?SMOKERS),
    Arbiter = spawn(fun() ->
        receive {go, Smokers, Rounds} -> smokers_arbiter(list_to_tuple(Smokers), Rounds, first_random(0)) end
    end),
    Smokers = [spawn(fun() -> smoker(Sink, Arbiter, 0) end) || _ <- lists:seq(1, ?SMOKERS)],
    {Elapsed, Answer} = timed(fun() -> Arbiter ! {go, Smokers, N} end),
    {Elapsed, N, Answer, smokers_expected(N, first_random(0), 0)};
run("logistic_map", N) ->
    Each = max(1, N div ?SERIES),
    Sink = sink(?SERIES),
    Workers = [begin
                   Computer = spawn(fun() -> rate_computer(rate(I)) end),
                   spawn_for_many(fun() -> series_worker(Sink, Computer, first_term(I)) end)
               end || I <- lists:seq(0, ?SERIES - 1)],
    Master = spawn(fun() ->
        receive {go, Terms} ->
            ask_for_terms(Workers, Terms),
            tell_all(Workers, get)
        end
    end),
    {Elapsed, Answer} = timed(fun() -> Master ! {go, Each} end),
    {Elapsed, Each * ?SERIES, Answer,
     lists:sum([whole(series_term(Each, rate(I), first_term(I))) || I <- lists:seq(0, ?SERIES - 1)])};
run("banking", N) ->
    Sink = sink(?ACCOUNTS),
    Teller = spawn_for_many(fun() ->
        receive {go, Accounts, Transactions} ->
            order(list_to_tuple(Accounts), Transactions, first_random(0)),
            [receive done -> ok end || _ <- lists:seq(1, Transactions)],
            tell_all(Accounts, report)
        end
    end),
    Accounts = [spawn_for_many(fun() -> account(Teller, Sink, Place, ?BALANCE) end)
                || Place <- lists:seq(0, ?ACCOUNTS - 1)],
    {Elapsed, Answer} = timed(fun() -> Teller ! {go, Accounts, N} end),
    Even = lists:sum([Place * ?BALANCE || Place <- lists:seq(1, ?ACCOUNTS)]),
    {Elapsed, N, Answer, banking_expected(N, first_random(0), Even)}.

timed(Start) -> erlang_peer:timed(Start).

tell_all(Actors, Message) -> lists:foreach(fun(Actor) -> Actor ! Message end, Actors).

%% A process whose mailbox gets long: otherwise each collection of its garbage goes through all of it.
spawn_for_many(Body) -> spawn_opt(Body, [{message_queue_data, off_heap}]).

sink(Expected) ->
    Main = self(),
    spawn(fun() -> erlang_peer:sink(Main, Expected, 0) end).

%% std::minstd_rand; the number itself is the state.
first_random(Number) -> 7919 * (Number + 1).
next_random(State) -> State * 48271 rem 2147483647.

%% As random_numbers::draw.
draw(1, State) -> next_random(State);
draw(Left, State) -> draw(Left - 1, next_random(State)).

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

%% Bounded buffer. The last two arguments of the manager are what it keeps, and how many.
buffer_manager(0, _Producers, Consumers, ?CONSUMERS, _Buffer, _Size) -> tell_all(queue:to_list(Consumers), finish);
buffer_manager(Left, Producers, Consumers, Free, Buffer, Size) ->
    receive
        {item, Data, From} when Free =:= 0, Size + 1 >= ?BUFFER_ROOM ->
            buffer_manager(Left, queue:in(From, Producers), Consumers, 0, queue:in(Data, Buffer), Size + 1);
        {item, Data, From} when Free =:= 0 ->
            From ! produce,
            buffer_manager(Left, Producers, Consumers, 0, queue:in(Data, Buffer), Size + 1);
        {item, Data, From} ->
            {{value, Consumer}, Rest} = queue:out(Consumers),
            Consumer ! {item, Data},
            From ! produce,
            buffer_manager(Left, Producers, Rest, Free - 1, Buffer, Size);
        {available, Who} when Size =:= 0 ->
            buffer_manager(Left, Producers, queue:in(Who, Consumers), Free + 1, Buffer, 0);
        {available, Who} ->
            {{value, Data}, Rest} = queue:out(Buffer),
            Who ! {item, Data},
            case queue:out(Producers) of
                {{value, Producer}, Others} ->
                    Producer ! produce,
                    buffer_manager(Left, Others, Consumers, Free, Rest, Size - 1);
                {empty, _} ->
                    buffer_manager(Left, Producers, Consumers, Free, Rest, Size - 1)
            end;
        produced_all ->
            buffer_manager(Left - 1, Producers, Consumers, Free, Buffer, Size)
    end.

buffer_producer(Manager, 0, _Item) -> receive produce -> Manager ! produced_all end;
buffer_producer(Manager, Left, Item) ->
    receive produce ->
        New = process_item(Item),
        Manager ! {item, New, self()},
        buffer_producer(Manager, Left - 1, New)
    end.

buffer_consumer(Sink, Manager, Item, Sum) ->
    receive
        {item, Data} ->
            New = process_item(Item + Data),
            Manager ! {available, self()},
            buffer_consumer(Sink, Manager, New, Sum + trunc(-Data));
        finish -> Sink ! {value, Sum}
    end.

process_item(Item) -> process_item(?ITEM_COST * 100, first_random(?ITEM_COST), Item).

process_item(0, _State, Item) -> Item;
process_item(Left, State, Item) ->
    Next = next_random(State),
    process_item(Left - 1, Next, Item + math:log(Next / 2147483647.0 + 0.01)).

buffer_expected(0, _Item, Sum) -> Sum;
buffer_expected(Left, Item, Sum) ->
    New = process_item(Item),
    buffer_expected(Left - 1, New, Sum + trunc(-New)).

%% Dining philosophers. A fork is a bit.
arbitrator(Main, Forks, 0, Eaten) -> Main ! {answer, Eaten + free_forks(Forks, ?PHILOSOPHERS)};
arbitrator(Main, Forks, Left, Eaten) ->
    receive
        {hungry, Who, Place} ->
            Two = two_forks(Place),
            case Forks band Two of
                0 -> Who ! eat, arbitrator(Main, Forks bor Two, Left, Eaten);
                _ -> Who ! denied, arbitrator(Main, Forks, Left, Eaten)
            end;
        {done, Place} ->
            Two = two_forks(Place),
            Both = case Forks band Two of Two -> 1; _ -> 0 end,
            arbitrator(Main, Forks band bnot Two, Left, Eaten + Both);
        {leaves, Theirs} -> arbitrator(Main, Forks, Left - 1, Eaten + Theirs)
    end.

two_forks(Place) -> (1 bsl Place) bor (1 bsl ((Place + 1) rem ?PHILOSOPHERS)).

free_forks(_Forks, 0) -> 0;
free_forks(Forks, Left) -> 1 - (Forks band 1) + free_forks(Forks bsr 1, Left - 1).

philosopher(Arbitrator, Place, Meals, Eaten) ->
    receive
        eat when Eaten + 1 =:= Meals ->
            Arbitrator ! {done, Place},
            Arbitrator ! {leaves, Meals};
        eat ->
            Arbitrator ! {done, Place},
            self() ! start,
            philosopher(Arbitrator, Place, Meals, Eaten + 1);
        _StartOrDenied ->
            Arbitrator ! {hungry, self(), Place},
            philosopher(Arbitrator, Place, Meals, Eaten)
    end.

%% Sleeping barber.
pass_time(State) ->
    Next = next_random(State),
    draw(Next rem 1000 + 10, Next).

pass_times(0, State) -> State;
pass_times(Left, State) -> pass_times(Left - 1, pass_time(State)).

barber(Main, State) ->
    receive
        {enter, Who, Room} ->
            Who ! sit_down,
            Next = pass_time(State),
            Who ! done,
            Room ! next,
            barber(Main, Next);
        sleep -> barber(Main, State);
        {close, Sum} -> Main ! {answer, Sum + State}
    end.

barber_room(Barber, Waiting, Count, Asleep) ->
    receive
        {enter, Who} when Count =:= ?WAITING_ROOM ->
            Who ! full,
            barber_room(Barber, Waiting, Count, Asleep);
        {enter, Who} when Asleep ->
            self() ! next,
            barber_room(Barber, queue:in(Who, Waiting), Count + 1, false);
        {enter, Who} ->
            Who ! wait,
            barber_room(Barber, queue:in(Who, Waiting), Count + 1, false);
        next when Count =:= 0 ->
            Barber ! sleep,
            barber_room(Barber, Waiting, 0, true);
        next ->
            {{value, Who}, Rest} = queue:out(Waiting),
            Barber ! {enter, Who, self()},
            barber_room(Barber, Rest, Count - 1, Asleep);
        {close, Sum} -> Barber ! {close, Sum}
    end.

customers(_Room, 0, State) -> State;
customers(Room, Left, State) ->
    Street = self(),
    Room ! {enter, spawn(fun() -> customer(Street) end)},
    customers(Room, Left - 1, pass_time(State)).

street(Room, Customers, Last, Customers) -> Room ! {close, Last + Customers};
street(Room, Customers, Last, Served) ->
    receive
        {returned, Who} -> Room ! {enter, Who}, street(Room, Customers, Last, Served);
        served -> street(Room, Customers, Last, Served + 1)
    end.

customer(Street) ->
    receive
        full -> Street ! {returned, self()}, customer(Street);
        wait -> customer(Street);
        sit_down -> customer(Street);
        done -> Street ! served
    end.

%% Cigarette smokers.
smokers_arbiter(Smokers, 0, _State) -> tell_all(tuple_to_list(Smokers), leave);
smokers_arbiter(Smokers, Left, State) ->
    {Smoker, Period, Next} = next_smoking_round(State),
    element(Smoker + 1, Smokers) ! {smoke, Period},
    receive started_smoking -> smokers_arbiter(Smokers, Left - 1, Next) end.

next_smoking_round(State) ->
    Next = next_random(State),
    Last = next_random(Next),
    {Next rem ?SMOKERS, Last rem 1000 + 10, Last}.

smoker(Sink, Arbiter, Sum) ->
    receive
        {smoke, Period} ->
            Arbiter ! started_smoking,
            smoker(Sink, Arbiter, Sum + draw(Period, first_random(Period)));
        leave -> Sink ! {value, Sum}
    end.

smokers_expected(0, _State, Sum) -> Sum;
smokers_expected(Left, State, Sum) ->
    {_, Period, Next} = next_smoking_round(State),
    smokers_expected(Left - 1, Next, Sum + draw(Period, first_random(Period))).

%% Logistic map.
rate(I) -> 3.46 + I * 0.0025.
first_term(I) -> I * 0.0025.
whole(Term) -> trunc(Term * 1.0e9).

ask_for_terms(_Workers, 0) -> ok;
ask_for_terms(Workers, Left) ->
    tell_all(Workers, next),
    ask_for_terms(Workers, Left - 1).

rate_computer(Rate) ->
    receive {compute, From, Asked, Term} -> From ! {Asked, Rate * Term * (1 - Term)} end,
    rate_computer(Rate).

series_worker(Sink, Computer, Term) ->
    receive
        next ->
            Asked = make_ref(), % and so the rest of the mailbox is not gone through for the answer
            Computer ! {compute, self(), Asked, Term},
            receive {Asked, New} -> series_worker(Sink, Computer, New) end;
        get -> Sink ! {value, whole(Term)}
    end.

series_term(0, _Rate, Term) -> Term;
series_term(Left, Rate, Term) -> series_term(Left - 1, Rate, Rate * Term * (1 - Term)).

%% Banking.
next_transaction(State) ->
    One = next_random(State),
    Two = next_random(One),
    Three = next_random(Two),
    From = One rem (?ACCOUNTS div 10 * 8),
    {From, From + max(1, Two rem (?ACCOUNTS - From)), Three rem 1000 + 1, Three}.

order(_Accounts, 0, _State) -> ok;
order(Accounts, Left, State) ->
    {From, To, Amount, Next} = next_transaction(State),
    element(From + 1, Accounts) ! {credit, element(To + 1, Accounts), Amount},
    order(Accounts, Left - 1, Next).

%% An account that has asked another waits for the answer and leaves the rest in its mailbox.
account(Teller, Sink, Place, Balance) ->
    receive
        {credit, To, Amount} ->
            Asked = make_ref(),
            To ! {debit, self(), Asked, Amount},
            receive Asked -> ok end,
            Teller ! done,
            account(Teller, Sink, Place, Balance - Amount);
        {debit, From, Asked, Amount} ->
            From ! Asked,
            account(Teller, Sink, Place, Balance + Amount);
        report -> Sink ! {value, (Place + 1) * Balance}
    end.

banking_expected(0, _State, Sum) -> Sum;
banking_expected(Left, State, Sum) ->
    {From, To, Amount, Next} = next_transaction(State),
    banking_expected(Left - 1, Next, Sum + (To - From) * Amount).
