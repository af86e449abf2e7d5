/*
 * Own threads, the look whether all is at rest, and the bell. Stands for scheduling/own_threads.hpp (call, work, rest),
 * scheduling/idle_bell.hpp, `quiescent` in scheduling/worker_group.hpp, the bell that `sleep` in
 * scheduling/work_stealing.hpp rings, and the loop of basic_runtime::drain.
 *
 * An actor of the pool, two with own threads. A sender, which the gate stops, sends a message to one of them; a signaller,
 * which nothing stops, takes an own thread's idle mark and calls it. Of the handlers one may send a message on, to
 * another actor. A mailbox is a count and the idle mark, one step each (cell.pml has the rest); a worker wakes while there is work
 * to be seen (parking.pml has the rest); asks and timers are in drain.pml. The calls so far are here whether there was one
 * since the first look, and the bell's word is whether it has rung since it was read.
 *
 * @good   | - | drain ends, and nothing is ready, runs or is unsent then
 * @good   | LONGER | two messages are sent on; no signaller
 * @good   | TWO | two workers; no signaller
 * @broken | NO_SECOND_LOOK | pending==0|running==0 | own threads are looked at once, before the senders
 * @broken | FIRST_LOOK_LATE | pending==0 | both looks come behind the senders: a thread that was called between
 *           may have pushed to an actor whose idle mark a signaller took
 * @broken | NO_CALLS | pending==0 | the state only says how many are busy: one ran between the looks, and left an
 *           actor in a queue that had been looked at
 * @broken | COUNTED_LATE | busy>0 | a call is counted after the word: it may have been served by then
 * @broken | RESTS_EARLY | pending==0|running==0 | a thread rests before the last push of its run
 * @broken | SIGNAL_WITHOUT_LANE | pending==0 | a signaller is in no lane: it has taken an idle mark and has not
 *           called, and a message waits there
 * @broken | WORKERS_WAKE | pending==0 | the look does not keep the workers asleep
 * @broken | LISTEN_LATE | complete | the bell is listened to after the look
 * @broken | WORD_LATE | complete | it is listened to before, but its word is read after the look
 * @broken | HEARD_EARLY | complete | who rests looks for listeners before it counts itself out
 * @broken | NOT_LAST_RINGS | complete | a thread that rests while another is busy rings, and the last does not
 * @broken | WORKER_SILENT | complete | the last worker that goes to sleep does not ring
 */
#ifdef LONGER
#define LEFT 2
#else
#define LEFT 1
#endif
#define POOLED 0        /* actors; 1 and 2 have threads */
#define SENDER 0        /* lanes */
#define SIGNALLER 1

byte count[3];          /* messages of each actor */
bool idle[3] = true;

bool injector = 0;      /* the actor of the pool is in it */
byte awake = 0;
bool lock = 0;          /* of the sleepers */

byte busy = 0;          /* the state of own threads: always read and written together */
bool called = 0;        /* its other half: it counts calls, and here says whether there was one since the first look */
bool word[3];

bool listeners = 0;     /* the bell */
bool rung = 0;          /* its word: has it changed since it was read? */

bool gate_closed = 0;
byte lane[2];

byte left = LEFT;          /* what handlers may still send */
byte pending = 0;       /* accepted, and their handlers have not returned */
byte running = 0;       /* own threads in a run */
bool complete = 0;

inline ring_if_heard() {
    if
    :: listeners -> rung = 1
    :: else
    fi
}

inline call(which) {
#ifdef COUNTED_LATE
    word[which] = 1;
    d_step { busy++; called = 1 }
#else
    d_step { busy++; called = 1 };
    d_step { assert(!word[which]); word[which] = 1 }    /* at most one call is open */
#endif
}

/* Who has taken the idle mark: */
inline schedule(which) {
    if
    :: which == POOLED -> d_step { assert(!injector); injector = 1 }
    :: else -> call(which)
    fi
}

inline push() {
    d_step { assert(!complete); was_idle = idle[to]; idle[to] = 0; count[to]++; pending++ }
}

proctype sender() {
    byte to;
    bool was_idle;
    lane[SENDER] = 1;
    if
    :: !gate_closed ->
        if
        :: to = POOLED
        :: to = 1
        fi;
        push();
        if
        :: was_idle -> was_idle = 0; schedule(to)
        :: else
        fi
    :: else
    fi;
    lane[SENDER] = 0
}

proctype signaller() {
    bool was_idle;
#ifndef SIGNAL_WITHOUT_LANE
    lane[SIGNALLER] = 1;
#endif
    d_step { was_idle = idle[2]; idle[2] = 0 };
    if
    :: was_idle -> was_idle = 0; call(2)
    :: else
    fi;
    lane[SIGNALLER] = 0
}

inline rest() {
#ifdef HEARD_EARLY
    heard = listeners;
#endif
    d_step {
        assert(busy > 0);
#ifdef NOT_LAST_RINGS
        last = busy > 1;
#else
        last = busy == 1;
#endif
        busy--
    };
    if
    :: last ->
        last = 0;
#ifdef HEARD_EARLY
        if
        :: heard -> rung = 1
        :: else
        fi
#else
        ring_if_heard()
#endif
    :: else
    fi
}

proctype own_thread(byte me) {
    byte to;
    bool was_idle, last;
#ifdef HEARD_EARLY
    bool heard;
#endif
#ifdef RESTS_EARLY
    bool rested;
#endif
asleep:
end_asleep:
    atomic { word[me] -> word[me] = 0; running++ };
    do
    :: atomic { count[me] > 0 -> count[me]-- };
        do
        :: atomic { left > 0 -> left-- };
#ifdef RESTS_EARLY
            if
            :: !rested -> rested = 1; rest()
            :: true
            fi;
#endif
            if
            :: to = POOLED
            :: to = 3 - me
            fi;
            push();
            if
            :: was_idle -> was_idle = 0; schedule(to)
            :: else
            fi;
            to = 0
        :: pending--; break
        od
    :: atomic { count[me] == 0 -> idle[me] = 1; running-- };
        break
    od;
#ifdef RESTS_EARLY
    if
    :: rested -> rested = 0; goto asleep
    :: else
    fi;
#endif
    rest();
    goto asleep
}   /* unreached: a thread waits for ever */

proctype worker() {
    byte to;
    bool was_idle, last;
    goto asleep;
next_turn:
    if
    :: atomic { injector -> injector = 0 }
    :: !injector -> goto sleep
    fi;
    do
    :: atomic { count[POOLED] > 0 -> count[POOLED]-- };
        do
        :: atomic { left > 0 -> left-- };
            if
            :: to = 1
            :: to = 2
            fi;
            push();
            if
            :: was_idle -> was_idle = 0; call(to)
            :: else
            fi;
            to = 0
        :: pending--; break
        od
    :: atomic { count[POOLED] == 0 -> idle[POOLED] = 1 };
        break
    od;
    goto next_turn;

sleep:
    atomic { !lock -> last = awake == 1; awake-- };     /* a short lock */
    if
    :: injector ->
        last = 0;
        atomic { !lock -> awake++ };
        goto next_turn
    :: else
    fi;
    if
#ifndef WORKER_SILENT
    :: last -> last = 0; ring_if_heard()
#endif
    :: else
    fi;

asleep:
end_asleep:
    atomic { !lock && injector -> awake++; goto next_turn }
}   /* unreached: a worker waits for ever */

inline look_first() {
    d_step { seen_busy = busy; called = 0 }
}

inline fail_if(what) {
    if
    :: what -> goto not_yet
    :: else
    fi
}

proctype drainer() {
    byte seen_busy;
    gate_closed = 1;
again:
#ifndef LISTEN_LATE
    listeners = 1;
#ifndef WORD_LATE
    rung = 0;
#endif
#endif
#ifndef WORKERS_WAKE
    atomic { !lock -> lock = 1 };
#endif
#ifndef FIRST_LOOK_LATE
    look_first();
#endif
    fail_if(awake != 0);
    fail_if(seen_busy != 0);
    if
    :: lane[SENDER] == 0
    :: lane[SENDER] != 0 -> lock = 0; lane[SENDER] == 0; goto again     /* yields */
    fi;
    if
    :: lane[SIGNALLER] == 0
    :: lane[SIGNALLER] != 0 -> lock = 0; lane[SIGNALLER] == 0; goto again
    fi;
#ifdef FIRST_LOOK_LATE
    look_first();
    fail_if(seen_busy != 0);
#endif
    fail_if(injector);
    atomic {
        if
#ifndef NO_SECOND_LOOK
#ifndef NO_CALLS
        :: busy != seen_busy || called -> goto not_yet
#else
        :: busy != seen_busy -> goto not_yet
#endif
#endif
        :: else -> complete = 1
        fi;
        assert(pending == 0);
        assert(running == 0 && !injector && !word[1] && !word[2]);
        lock = 0;
        goto done
    }

not_yet:
    atomic { lock = 0; seen_busy = 0 };
#ifdef LISTEN_LATE
    listeners = 1;
#endif
#if defined(LISTEN_LATE) || defined(WORD_LATE)
    rung = 0;
#endif
    rung;               /* the futex */
    goto again;
done:
    skip
}

proctype quiescence() {
    timeout -> assert(complete && pending == 0 && awake == 0 && busy == 0)
}

init {
    atomic {
        run quiescence();
        run sender();
#if !defined(LONGER) && !defined(TWO)
        run signaller();
#endif
        run own_thread(1);
        run own_thread(2);
        run worker();
#ifdef TWO
        run worker();
#endif
        run drainer()
    }
}
