/*
 * A member that a pool's pick has found is not freed while it is used. Stands for pool/pool_state.hpp, with
 * scheduling/snapshot.hpp, whose own protocol is in snapshot.pml, and scheduling/grace.hpp.
 *
 * One member and two tables, of which the second has no member. A worker picks in two runs, and uses what it has found when
 * the read scope is over; an outside thread picks twice. The controller replaces the table; the member stops, of its own,
 * at any time. The member's cell is counted: by the first table, by the tree until a grace period after its stop, and by
 * whoever has taken a count.
 *
 * @good   | - | the member is never touched after it was freed, and is freed, as is the table
 * @broken | CLOSED_BORROWED | violated !\(freed | a worker takes no count of a member that had stopped before its run, whose
 *           grace period may be over
 * @broken | OUTSIDE_BORROWS | violated !\(freed | a thread that no grace period waits for takes no count
 * @broken | COUNT_LATE | violated !\(freed | it takes its count when the read scope is over
 * @broken | NO_GRACE | violated !\(freed | the tree's count goes with the stop
 * @broken | TABLE_AT_ONCE | violated !\(table_freed | the table is freed as it is replaced
 * @broken | TABLE_BORROWS | violated !\(freed | the table has no count of its member
 * @broken | PASS_AMID_RUN | violated !\(freed | the worker counts as between two runs while it uses what it has found
 */
#define WORKER 0
#define OUTSIDE 1
#define NOBODY 100

bool replaced = 0;          /* the second table is the present one */
bool table_freed = 0;
byte epoch = 1;
byte reading[2];

bool closed = 0;            /* the member has stopped */
bool freed = 0;
#ifdef TABLE_BORROWS
byte references = 1;
#else
byte references = 2;        /* the tree, the first table */
#endif

byte grace = 0;             /* counts stops */
byte passed = 0;            /* of them, those that the worker has seen between two runs */
bool worker_done = 0, outside_done = 0;

inline touch() { assert(!freed) }

inline drop() {
    d_step {
        touch();
        references--;
        freed = (references == 0)
    }
}

inline count() {
    atomic { touch(); references++ };
    counted = 1
}

/* In the read scope: finds the member, or not. */
inline find(me) {
    e = epoch;
    reading[me] = e;
    e = 0;
    if
    :: !replaced -> assert(!table_freed); found = 1
    :: else
    fi
}

/* The send: before and after the message is built. */
inline use() {
    if
    :: found -> touch(); touch(); found = 0
    :: else
    fi;
    if
    :: counted -> drop(); counted = 0
    :: else
    fi
}

proctype worker() {
    byte e, run_, g;
    bool found, counted, was_closed;
    do
    :: run_ < 2 ->
        run_++;
        g = grace;
        passed = g;         /* between two runs */
        g = 0;
        find(WORKER);
        if
        :: found ->
            touch();
            was_closed = closed;
#ifndef CLOSED_BORROWED
            if
            :: was_closed -> count()
            :: else
            fi;
#endif
            was_closed = 0
        :: else
        fi;
        reading[WORKER] = 0;
#ifdef PASS_AMID_RUN
        g = grace;
        passed = g;
        g = 0;
#endif
        use()
    :: else -> break
    od;
    passed = NOBODY;        /* it sleeps */
    worker_done = 1
}

proctype outside() {
    byte e, round;
    bool found, counted;
    do
    :: round < 2 ->
        round++;
        find(OUTSIDE);
#ifdef COUNT_LATE
        reading[OUTSIDE] = 0;
#endif
#ifndef OUTSIDE_BORROWS
        if
        :: found -> count()
        :: else
        fi;
#endif
        reading[OUTSIDE] = 0;
        use()
    :: else -> break
    od;
    outside_done = 1
}

proctype controller() {
    byte retired_at;
    replaced = 1;
    d_step { retired_at = epoch; epoch++ };
#ifndef TABLE_AT_ONCE
    /* One reader is looked at after the other. */
    (reading[WORKER] == 0 || reading[WORKER] > retired_at);
    (reading[OUTSIDE] == 0 || reading[OUTSIDE] > retired_at);
#endif
    table_freed = 1;
#ifndef TABLE_BORROWS
    drop()
#endif
}

proctype member() {
    closed = 1;
#ifndef NO_GRACE
    grace++;
    passed >= grace;
#endif
    drop()
}

proctype rest() {
    timeout -> d_step { assert(worker_done && outside_done && freed && table_freed && references == 0) }
}

init {
    atomic {
        run rest();
        run worker();
        run outside();
        run controller();
        run member()
    }
}
