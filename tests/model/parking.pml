/*
 * Parking of workers: who sleeps, who searches, who is woken. Stands for scheduling/sleep.hpp, with the queues that
 * the workers look into: the injector (outside pushes; a worker takes all of it), one ring a worker (others steal),
 * the overflow list.
 *
 * Items: a blocker waits in its handler for all items that are no blockers, so that an awake worker is not enough:
 * while one worker is in a long handler the others must find the work. The spawner pushes one more item into its own
 * ring. A worker takes the lowest item first, and the blockers are the lowest: the worst order.
 *
 * The rings are atomic here. The slot is not here: its owner does not publish it (see README.md).
 *
 * @good   | - | two workers, one blocker, a ring of one place: nothing stays behind, each item is run once
 * @good   | THREE | three workers, two blockers
 * @good   | BUFFERED SLEEP_FENCE | the owner's push into its ring is a plain store that stays in its store buffer; a
 *           worker that parks empties all store buffers (membarrier) before its second look. The spawner waits for
 *           what it spawned
 * @broken | BUFFERED | all_run | the same without the fence: the publisher reads the state before its store is seen
 * @broken | NO_SECOND_LOOK | all_run | a worker that announced sleep does not look again
 * @broken | LOOK_BEFORE_SLEEP | all_run | the second look comes before the announcement
 * @broken | NOTIFY_EARLY | all_run | the publisher reads the state before it makes the work visible
 * @broken | SILENT_SEARCHER THREE | all_run | the last searcher goes to work without waking the next
 * @broken | SILENT_BATCH | all_run | a running worker moves the injector's items into its ring and tells nobody
 * @broken | TOKEN_LEFT | awake==0 | a worker that was woken while it wanted to stay awake does not consume the token
 * @broken | STATE_OUTSIDE_LOCK | who<2 | the list of sleepers and the state are not changed under one lock
 */
#ifdef THREE
#define WORKERS 3
#define BLOCKERS 3      /* items 1 and 2 */
#elif defined(BUFFERED)
#define WORKERS 2
#define BLOCKERS 0      /* but the spawner blocks */
#else
#define WORKERS 2
#define BLOCKERS 1      /* item 1 */
#endif
#define SPAWNER 4
#define SPAWNED 8
#define PLAIN 16
#define OTHERS (SPAWNER | SPAWNED | PLAIN)
#define ALL (BLOCKERS | OTHERS)
#define NOBODY 7
#define lowest(mask) ((mask) & (32 - (mask)))

byte injector = 0;      /* sets of items */
byte overflow = 0;
byte ring[WORKERS];     /* of one place */
#ifdef BUFFERED
byte pending = 0;       /* the spawner's store to its ring, in the store buffer */
byte pending_in = 0;
#endif

byte awake = 0;         /* the state word: always read and written together */
byte searching = 0;

bool lock = 0;
bool sleeps[WORKERS];   /* the list of sleepers, under the lock */
bool token[WORKERS];

byte run_items = 0;
bool all_run = 0;

inline acquire() { atomic { !lock -> lock = 1 } }

inline wake_one() {
    acquire();
    d_step {
        if
        :: searching == 0 && awake < WORKERS ->
            who = 0;
            do
            :: who < WORKERS && !sleeps[who] -> who++
            :: else -> break
            od;
            assert(who < WORKERS);
            sleeps[who] = 0;
            awake++;
            searching++
        :: else -> who = NOBODY
        fi
    };
    lock = 0;
    if
    :: who != NOBODY -> d_step { assert(!token[who]); token[who] = 1; who = NOBODY }
    :: else
    fi
}

inline notify() {
    if
    :: searching == 0 && awake < WORKERS -> wake_one()
    :: else
    fi
}

proctype publisher(byte first; byte second) {
    byte who = NOBODY;
#ifdef NOTIFY_EARLY
    bool wake;
#endif
    do
    :: first == 0 -> break
    :: first != 0 ->
#ifdef NOTIFY_EARLY
        wake = searching == 0 && awake < WORKERS;
        injector = injector | first;
        if
        :: wake -> wake_one()
        :: else
        fi;
#else
        injector = injector | first;
        notify();
#endif
        d_step { first = second; second = 0 }
    od
}

inline push_own(what) {
    if
    :: ring[me] == 0 -> ring[me] = what
    :: else -> overflow = overflow | (what)
    fi
}

/* The first of what the injector holds is to be run, the rest goes to the ring. */
inline take_injector() {
    atomic {
        rest = injector;
        injector = 0;
        item = lowest(rest);
        rest = rest - item
    };
    do
    :: rest == 0 -> break
    :: rest != 0 -> atomic { push_own(lowest(rest)) }; rest = rest - lowest(rest)
    od
}

#ifdef BUFFERED
proctype machine() {
end_flushed:
    do
    :: d_step { pending != 0 -> ring[pending_in] = pending; pending = 0; pending_in = 0 }
    od
}   /* unreached: the machine works for ever */
#endif

proctype worker(byte me) {
    byte item, rest, v, who = NOBODY;
    bool searches, last;
    goto parked;
next_turn:
    if
    :: atomic { ring[me] != 0 -> item = ring[me]; ring[me] = 0 }
        goto run_item
    :: injector != 0 -> /* every so many turns, also with work of its own */
        take_injector();
#ifndef SILENT_BATCH
        notify();
#endif
        if
        :: item != 0 -> goto run_item
        :: else -> goto next_turn   /* another worker was faster */
        fi
    :: ring[me] == 0    /* out of work */
    fi;
    atomic { searches = searching == 0; searching = searching + searches };
search:
    if
    :: searches ->
        take_injector();
        if
        :: item == 0 -> atomic { item = lowest(overflow); overflow = overflow - item }
        :: else
        fi;
        v = 0;
        do
        :: v < WORKERS && item == 0 -> atomic { item = ring[v]; ring[v] = 0; v++ }
        :: else -> break
        od;
        v = 0;
        if
        :: item != 0 ->
            atomic { searches = 0; searching--; last = searching == 0 };
            if
#ifndef SILENT_SEARCHER
            :: last -> last = 0; notify()
#endif
            :: else -> last = 0
            fi;
            goto run_item
        :: else
        fi
    :: else
    fi;
#ifdef LOOK_BEFORE_SLEEP
    if
    :: injector != 0 || overflow != 0 || ring[0] != 0 || ring[1] != 0 -> goto search
    :: else
    fi;
#endif
#ifdef STATE_OUTSIDE_LOCK
    atomic { awake--; searching = searching - searches; searches = 0 };
    acquire();
    sleeps[me] = 1;
    lock = 0;
#else
    acquire();
    sleeps[me] = 1;
    atomic { awake--; searching = searching - searches; searches = 0 };
    lock = 0;
#endif
#ifdef SLEEP_FENCE
    pending == 0;
#endif
#if defined(NO_SECOND_LOOK) || defined(LOOK_BEFORE_SLEEP)
    goto parked;
#else
    if
    :: injector != 0 -> goto stay_awake
    :: else
    fi;
    if
    :: overflow != 0 -> goto stay_awake
    :: else
    fi;
    v = 0;
    do
    :: v < WORKERS && (v == me || ring[v] == 0) -> v++
    :: v < WORKERS && v != me && ring[v] != 0 -> v = 0; goto stay_awake
    :: v == WORKERS -> v = 0; goto parked
    od;
stay_awake:
    acquire();
    if
    :: sleeps[me] ->
        sleeps[me] = 0;
        atomic { awake++; searching++; searches = 1 };
        lock = 0;
        goto search
    :: else ->
        lock = 0;
#ifdef TOKEN_LEFT
        searches = 1;
        goto search
#endif
    fi;
#endif
parked:
end_parked:
    atomic { token[me] -> token[me] = 0; searches = 1 };
    goto search;

run_item:
    assert(!(run_items & item));
    if
    :: item & BLOCKERS -> (run_items & OTHERS) == OTHERS
    :: item == SPAWNER ->
#ifdef BUFFERED
        /* Into a ring with a free place; the locked instruction of a wake-up waits for the buffer. */
        atomic { ring[me] == 0 -> pending = SPAWNED; pending_in = me };
        if
        :: searching == 0 && awake < WORKERS -> pending == 0; wake_one()
        :: else
        fi;
        run_items & SPAWNED
#else
        atomic { push_own(SPAWNED) };
        notify()
#endif
    :: else
    fi;
    atomic { run_items = run_items | item; item = 0 };
    goto next_turn
}   /* unreached: a worker waits for ever */

proctype quiescence() {
    timeout ->
    d_step {
        all_run = run_items == ALL;
        assert(all_run);
        assert(awake == 0 && searching == 0 && !lock && injector == 0 && overflow == 0);
        assert(sleeps[0] && sleeps[1] && sleeps[WORKERS - 1] && !token[0] && !token[1] && !token[WORKERS - 1])
    }
}

init {
    atomic {
#ifdef BUFFERED
        run machine();
#endif
        sleeps[0] = 1;
        sleeps[1] = 1;
        sleeps[WORKERS - 1] = 1;
        run quiescence();
#ifdef BUFFERED
        run publisher(PLAIN, SPAWNER);
#elif defined(THREE)
        run publisher(1, SPAWNER);
        run publisher(2, PLAIN);
#else
        run publisher(1, PLAIN);
        run publisher(SPAWNER, 0);
#endif
        run worker(0);
        run worker(1);
#ifdef THREE
        run worker(2)
#endif
    }
}
