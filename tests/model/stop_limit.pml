/*
 * Who of the two parts: a child that comes to its end, or the parent that waits for it no longer. Stands for
 * actor/stop_limit.hpp, `finish` in actor/ending.hpp, on_child_stopped in actor/run.hpp, `adopt` and `remove_root` in
 * actor/core.hpp. What tells of the late child (runtime/straggler.hpp) is a look at it.
 *
 * The parent waits for its child, and has armed the timer, with a count on each of the two. The child tells that it has
 * halted for a round of its group, or does not; if it does, the parent may wait a second time. The child comes to its end
 * at any time, and the parent, itself without a parent, when it has no child. Signals come in any order. Somebody looks at
 * the list of actors without a parent once, at any time. A grace period ends when each worker has been out of its run; an
 * own thread takes no part in it and counts its actor instead.
 *
 * @good   | - | one side has the departure; each cell is freed once, and nobody touches it afterwards; the child is in the
 *           list exactly if it was let go and is not removed; the list is empty only when both have ended
 * @good   | STUCK | a child that never returns is let go
 * @good   | OWN_CHILD | the child has its own thread
 * @good   | OWN_PARENT | the parent has its own thread
 * @broken | NO_LOCK | in_roots | the claim comes before the lock: the child removes itself before it is in the list
 * @broken | RETAINED_LATE | freed|refs | the parent is counted after the claim: the child has released it by then
 * @broken | NOT_RETAINED | freed|refs | it is not counted at all
 * @broken | COUNT_KEPT | at_rest | the claim fails, and the count stays
 * @broken | LOAD_STORE | owners | the child looks for the bond and writes it in two steps
 * @broken | ALWAYS_POSTS | owners | the child that was let go posts as well
 * @broken | NEVER_RELEASES | at_rest | the child that was let go does not release its parent
 * @broken | REMOVED_TWICE | in_roots | the child takes itself off the list in any case
 * @broken | CLAIM_KEEPS | owners | the claim fails, and the parent goes on as if it had not
 * @broken | NOT_COUNTED | all_ended | the child is linked and not counted: the runtime is told too early that all have ended
 * @broken | NO_STALE | armed_by==wait | the deadline of the first wait comes late and ends the second
 * @broken | ARMED_TWICE | lane&2 | the second wait arms the timer while its signal is on the way
 * @broken | STALE_ENDS STUCK | at_rest | it is known to be late, and no timer is armed for the second
 * @broken | BORROWED OWN_PARENT | freed | the parent looks at the child it has let go without a count of its own
 * @broken | NOT_KEPT OWN_CHILD | freed | a child with its own thread tells a parent that it does not count
 */
#define HELD 0
#define ENDED 1
#define LET_GO 2
#define PARENT 0
#define CHILD 1
#define STOPPED 1       /* signals to the parent */
#define DEADLINE 2
#define HALTED 4
#define IDLE 0          /* the timer: fired, or never to fire */
#define ARMED 1

byte bond = HELD;
byte refs[2];
bool freed[2];
bool retired[2];
bool in_run[2];         /* the worker, or the thread, is in the actor's run */

bool in_children = 1;   /* the parent's list */
bool in_roots = 0;      /* where the child is in the list of those without a parent; the parent is until it ends */
bool adopted = 0;
byte owners = 0;        /* who have won the departure */
bool removed = 0;
byte roots = 1;         /* how many there are, by the count */
bool lock = 0;          /* of that list */

byte lane = 0;          /* the parent's signals */
bool closed = 0;
byte timer = ARMED;
byte wait = 1;          /* the parent waits for the first time, and for the second; by which was the timer armed? */
byte armed_by = 1;
bool at_rest = 0;
bool all_ended = 1;

inline touch(who) { assert(!freed[who]) }

inline retain(who) { d_step { touch(who); refs[who]++ } }

inline release(who) {
    d_step {
        assert(!freed[who] && refs[who] > 0);
        refs[who]--;
        if
        :: refs[who] == 0 -> freed[who] = 1
        :: else
        fi
    }
}

inline own_departure() { d_step { owners++; assert(owners == 1) } }

/* The last of the list ends the runtime. */
inline uncount() {
    d_step {
        assert(roots > 0);
        roots--;
        all_ended = roots != 0 || (closed && !in_children && !in_roots);
        assert(all_ended)
    }
}

proctype alarm() {
    bool refused;
end_alarm:
    do
    :: atomic { timer == ARMED -> timer = IDLE }
        d_step {
            touch(PARENT);
            touch(CHILD);
            assert(!(lane & DEADLINE));
            if
            :: closed -> refused = 1
            :: else -> lane = lane | DEADLINE
            fi
        };
        if
        :: refused -> refused = 0; release(PARENT); release(CHILD)
        :: else
        fi
    od
}   /* unreached: there is always another timer */

proctype child() {
    byte was;
    bool refused;
    in_run[CHILD] = 1;
    if
    :: retain(CHILD);   /* the note's */
        d_step {
            touch(PARENT);
            if
            :: closed -> refused = 1
            :: else -> lane = lane | HALTED
            fi
        };
        if
        :: refused -> refused = 0; release(CHILD)
        :: else
        fi
    :: true
    fi;
#ifdef STUCK
end_stuck:
    false;
#endif
#if defined(OWN_CHILD) && !defined(NOT_KEPT)
    retain(PARENT);
#endif
#ifdef LOAD_STORE
    was = bond;
    bond = ENDED;
#else
    d_step { was = bond; bond = ENDED };
#endif
#ifdef ALWAYS_POSTS
    was = HELD;
#endif
    if
    :: was == HELD ->
        own_departure();
        d_step { touch(PARENT); assert(!closed); lane = lane | STOPPED };
        touch(PARENT)   /* the second half of post(): it wakes whom it finds idle */
    :: else ->
#ifndef NEVER_RELEASES
        release(PARENT);
#endif
        retired[CHILD] = 1
    fi;
    if
#ifndef REMOVED_TWICE
    :: was == HELD
#endif
    :: else ->
        atomic { !lock -> lock = 1 };
        d_step { assert(in_roots); in_roots = 0; removed = 1 };
        uncount();
        lock = 0
    fi;
#if defined(OWN_CHILD) && !defined(NOT_KEPT)
    release(PARENT);
#endif
    touch(CHILD);       /* the worker goes back through its frames */
    in_run[CHILD] = 0;
#ifdef OWN_CHILD
    release(CHILD)
#endif
}

inline claim() {
    d_step {
        if
        :: bond == HELD -> bond = LET_GO; parted = 1
        :: else -> parted = 0
        fi
    }
}

inline let_go() {
    d_step { assert(armed_by == wait); touch(CHILD) };   /* asks it to stop */
#if !defined(RETAINED_LATE) && !defined(NOT_RETAINED)
    retain(PARENT);
#endif
#ifdef NO_LOCK
    claim();
    atomic { !lock -> lock = 1 };
#else
    atomic { !lock -> lock = 1 };
    claim();
#endif
#ifdef CLAIM_KEEPS
    parted = 1;
#endif
    if
    :: parted ->
        own_departure();
        adopted = 1;
        in_children = 0;
        in_roots = 1;
#ifndef NOT_COUNTED
        roots++;
#endif
        lock = 0;
#ifdef RETAINED_LATE
        retain(PARENT);
#endif
        touch(CHILD)    /* says who is late, and gives up its seat */
    :: else ->
        lock = 0;
#if !defined(COUNT_KEPT) && !defined(RETAINED_LATE) && !defined(NOT_RETAINED)
        release(PARENT)
#endif
    fi;
    parted = 0
}

inline arm() {
    retain(CHILD);
    retain(PARENT);
    d_step { assert(timer == IDLE); timer = ARMED; armed_by = wait };
    under_way = 1
}

inline begin() {
    d_step { assert(!waits); waits = 1; wait++ };
    if
#ifdef ARMED_TWICE
    :: arm()
#else
    :: !under_way -> arm()
    :: else
#endif
    fi
}

inline end() {
    if
    :: waits && under_way ->
        waits = 0;
        if
        :: atomic { timer == ARMED -> timer = IDLE }
            under_way = 0;
            release(PARENT);
            release(CHILD)
        :: else ->
#ifndef NO_STALE
            stale = 1
#endif
        fi
    :: else -> waits = 0
    fi
}

proctype parent() {
    bool waits = 1;
    bool under_way = 1;
    bool stale = 0;
    bool parted, again, was_stale;
    byte what;
    do
    :: in_children ->
        in_run[PARENT] = 0;
        atomic { lane != 0 || again -> in_run[PARENT] = 1 };
        if
        :: atomic { lane & STOPPED -> lane = lane - STOPPED; what = STOPPED }
        :: atomic { lane & HALTED -> lane = lane - HALTED; what = HALTED }
        :: atomic { lane & DEADLINE -> lane = lane - DEADLINE; what = DEADLINE }
        :: atomic { again -> again = 0; what = 0 }
        fi;
        if
        :: what == DEADLINE ->
#ifndef BORROWED
            retain(CHILD);
#endif
            release(PARENT);
            release(CHILD);
            under_way = 0;
            d_step { was_stale = stale; stale = 0 };
            if
#ifdef STALE_ENDS
            :: waits && was_stale
#else
            :: waits && was_stale -> arm()
#endif
            :: waits && !was_stale -> waits = 0; let_go()
            :: else
            fi;
            was_stale = 0;
#ifndef BORROWED
            release(CHILD)
#endif
        :: what == 0 -> begin()
        :: else ->
            end();
            if
            :: what == HALTED -> release(CHILD); again = 1
            :: else ->
                d_step { touch(CHILD); assert(in_children); in_children = 0 };
                retired[CHILD] = 1
            fi
        fi
    :: else -> break
    od;
    atomic { what = 0; again = 0; waits = 0; under_way = 0; stale = 0 };
    d_step { assert(!(lane & STOPPED)); closed = 1 };
    if
    :: lane & DEADLINE -> lane = lane - DEADLINE; release(PARENT); release(CHILD)
    :: else
    fi;
    if
    :: lane & HALTED -> lane = lane - HALTED; release(CHILD)
    :: else
    fi;
    retired[PARENT] = 1;
    atomic { !lock -> lock = 1 };
    uncount();
    lock = 0;
    touch(PARENT);
    in_run[PARENT] = 0;
#ifdef OWN_PARENT
    release(PARENT)
#endif
}

/* One for each cell. */
proctype grace(byte whose) {
end_not_retired:
    retired[whose];
#ifndef OWN_PARENT
    !in_run[PARENT];
#endif
#ifndef OWN_CHILD
end_kept:
    !in_run[CHILD];
#endif
    release(whose)
}

proctype watcher() {
    d_step { !lock -> assert(in_roots == (adopted && !removed) && in_children + in_roots <= 1) }
}

proctype quiescence() {
    timeout ->
    d_step {
#ifdef STUCK
        at_rest = adopted && in_roots && roots == 1 && closed && owners == 1 && !freed[PARENT];
#else
        at_rest = freed[PARENT] && freed[CHILD] && owners == 1 && roots == 0 && lane == 0 && !lock;
#endif
        assert(at_rest)
    }
}

init {
    atomic {
        refs[PARENT] = 2;   /* the tree's, the timer's */
        refs[CHILD] = 2;
#ifdef OWN_PARENT
        refs[PARENT]++;
#endif
#ifdef OWN_CHILD
        refs[CHILD]++;
#endif
        in_run[PARENT] = 1;
        run quiescence();
        run watcher();
        run alarm();
        run child();
        run parent();
        run grace(PARENT);
        run grace(CHILD)
    }
}
