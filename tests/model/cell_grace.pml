/*
 * The lifetime of a stopped cell: counted references, and the runtime's own reference that is dropped one grace
 * period of the workers later. Stands for actor/cell.hpp and the worker's loop in runtime.
 *
 * Two outside pushers whose only reference travels in the message they send, an outside stopper, an outside thread
 * that answers with a signal, two workers; one worker also answers with a signal from the handler of another actor.
 * The links of the queue are counted only (cell.pml has them one by one): nothing is popped while a link is being
 * written.
 *
 * A signal's node owns a reference. The worker that answers uses that one alone, since the grace period covers it. An
 * outside thread holds a second one until its last access to the cell.
 *
 * @good   | - | the cell is never touched after it was freed, and it is freed
 * @broken | NO_GRACE | !\(freed\) | the runtime's reference is dropped at the stop: the worker that had marked the
 *           cell idle still looks at its words
 * @broken | EPOCH_KEPT | !\(freed\) | the stop waits for the current epoch instead of a new one: a worker that passed
 *           its loop's top before it ran the cell counts as passed
 * @broken | RUNNING_AS_PARKED | !\(freed\) | a woken worker runs a cell before it says that it is not parked any more
 * @broken | CLOSED_BORROWS | !\(freed\) | the closed pusher drains under the reference of the message that it
 *           destroys
 * @broken | OUTSIDE_BORROWS | !\(freed\) | the outside thread has given its reference away with the node, and still
 *           clears the idle tag
 * @broken | ONE_LOOK | released | a worker looks at the retired cells only before it announces that it parks: the
 *           last one to park leaves them
 */
#define STOP_BIT 1
#define ANSWER_A 2
#define ANSWER_B 4
#define CLOSED 8
#define WORKERS 2

/* the cell */
bool idle = 1;
bool closed = 0;
bool head_is_stub = 1;
byte count = 0;         /* messages in the user queue */
byte unlinked = 0;      /* of these, pushed and not yet linked */
byte sys = 0;
byte references = 6;    /* runtime, two pushers, stopper, outside answerer, node of the worker's answer */
bool freed = 0;

byte queued = 0;
byte owners = 0;
bool job = 1;           /* the other actor, whose handler answers */

/* grace */
byte epoch = 1;
byte passed[WORKERS];
bool parked[WORKERS];
bool retired = 0;
byte retired_at = 0;
bool lock = 0;          /* of the list of retired cells */

byte finished = 0;      /* messages */
byte answered = 0;      /* signals */
bool released = 0;

inline touch() { assert(!freed) }

inline drop_reference() {
    assert(!freed && references > 0);
    references--;
    freed = (references == 0)
}

inline schedule() {
    d_step { touch(); queued++; assert(queued + owners == 1) }
}

/* The envelopes' own references go with them. */
inline drain_closed() {
    do
    :: d_step { count > 0 && unlinked == 0 -> count--; finished++; drop_reference() }
    :: atomic { count == 0 -> touch(); head_is_stub = 1; closed = 1; owners--; break }
    od
}

proctype pusher() {
    bool was_idle, was_closed, at_stub;
    d_step {
        touch();
        was_idle = idle;
        was_closed = closed;
        at_stub = head_is_stub;
        idle = 0;
        closed = 0;
        head_is_stub = 0;
        count++;
        unlinked++;
        if
        :: was_closed -> owners++; assert(owners == 1 && queued == 0)
        :: else
        fi
    };
    d_step {
        if
        :: at_stub -> touch()   /* the stub is a part of the cell */
        :: else
        fi;
        unlinked--
    };
    if
    :: was_idle -> schedule()
    :: was_closed ->
#ifndef CLOSED_BORROWS
        references++;
#endif
        drain_closed();
#ifndef CLOSED_BORROWS
        atomic { drop_reference() }
#endif
    :: else
    fi
}

inline signal(which) {
    d_step {
        touch();
        refused = (sys & CLOSED) != 0;
        sys = (refused -> sys : sys | which)
    };
    if
    :: refused -> d_step { answered++; if :: which != STOP_BIT -> drop_reference() :: else fi }
    :: else ->
        d_step { touch(); was_idle = idle; idle = 0 };
        if
        :: was_idle -> was_idle = 0; schedule()
        :: else
        fi
    fi
}

proctype outside(byte which) {
    bool was_idle, refused;
#ifndef OUTSIDE_BORROWS
    if
    :: which != STOP_BIT -> references++
    :: else
    fi;
#endif
    signal(which);
#ifdef OUTSIDE_BORROWS
    if
    :: which == STOP_BIT -> d_step { drop_reference() }
    :: else
    fi
#else
    d_step { drop_reference() }
#endif
}

inline take_signals(word) {
    taken = sys;
    sys = word;
    answered = answered + (taken & 1) + ((taken >> 1) & 1) + ((taken >> 2) & 1);
    if
    :: taken & ANSWER_A -> drop_reference()
    :: else
    fi;
    if
    :: taken & ANSWER_B -> drop_reference()
    :: else
    fi
}

/* One worker's state is looked at after the other's. */
inline release_retired() {
    if
    :: retired ->
        atomic { !lock -> lock = 1 };
        v = 0;
        do
        :: v < WORKERS && (passed[v] >= retired_at || parked[v]) -> v++
        :: else -> break
        od;
        atomic {
            if
            :: v == WORKERS && retired -> retired = 0; released = 1; drop_reference()
            :: else
            fi;
            v = 0;
            lock = 0
        }
    :: else
    fi
}

proctype worker(byte me) {
    byte taken, seen, v;
    bool was_idle, refused;
top:
#ifdef RUNNING_AS_PARKED
    parked[me] = 0;
#endif
    seen = epoch;
    passed[me] = seen;
    seen = 0;
    release_retired();
take:
    if
    :: atomic { queued > 0 -> queued--; owners++; assert(owners == 1) }
        goto running
    :: atomic { job -> job = 0 }
        signal(ANSWER_B);
        d_step { refused = 0; was_idle = 0 };
        goto top
    :: else
    fi;
    parked[me] = 1;
#ifndef ONE_LOOK
    release_retired();
#endif
end_wait:
    queued > 0 || job;
#ifdef RUNNING_AS_PARKED
    goto take;
#else
    parked[me] = 0;
    goto top;
#endif

running:
    if
    :: sys != 0 ->
        d_step {
            touch();
            if
            :: sys & STOP_BIT -> take_signals(CLOSED)
            :: else -> take_signals(0)
            fi
        };
        if
        :: taken & STOP_BIT -> taken = 0; goto finish_stop
        :: else -> taken = 0
        fi
    :: else
    fi;
    if
    :: d_step { count > 0 && unlinked == 0 -> count--; finished++; drop_reference() } goto running
    :: atomic { unlinked > 0 -> owners--; schedule() } goto top
    :: atomic { count == 0 -> touch(); head_is_stub = 1; idle = 1; owners-- }
    fi;
    /* From here on another worker may own the cell, stop it and free it. */
    d_step { touch(); taken = sys };
    if
    :: taken != 0 ->
        d_step {
            touch();
            taken = 0;
            was_idle = idle;
            idle = 0;
            owners = owners + was_idle;
            assert(owners <= 1)
        };
        if
        :: was_idle -> was_idle = 0; goto running
        :: else
        fi
    :: else
    fi;
    goto top;

finish_stop:
    drain_closed();
#ifdef NO_GRACE
    atomic { released = 1; drop_reference() };
#else
    atomic {
        !lock ->
#ifndef EPOCH_KEPT
        epoch++;
#endif
        retired_at = epoch;
        retired = 1
    };
#endif
    goto top
}   /* unreached: a worker waits for ever */

proctype quiescence() {
    timeout ->
    d_step {
        assert(finished == 2 && answered == 3 && count == 0 && closed && !idle);
        assert(released);
        assert(references == 0 && freed)
    }
}

init {
    atomic {
        run quiescence();
        run pusher();
        run pusher();
        run outside(STOP_BIT);
        run outside(ANSWER_A);
        run worker(0);
        run worker(1)
    }
}
