/*
 * The lifetime of a stopped cell: counted references, and the runtime's own reference that is dropped one grace
 * period of the workers later. Stands for actor/cell.hpp and the worker's loop in runtime.
 *
 * Two outside pushers whose only reference travels in the message they send, an outside stopper, an outside thread
 * that answers with a signal, two workers; one worker also answers with a signal from the handler of another actor.
 * The links of the queue are counted only (cell.pml has them one by one): nothing is popped while a link is being
 * written.
 *
 * Both answers are of asks that the actor waits for, so their records need no reference to it: it handles the answer, or
 * at its stop takes leave of the ask, or, if the answer is on its way already, counts itself until that is refused. The
 * worker that answers needs no more, since the grace period covers it. An outside thread holds a reference of its own from
 * before it posts until its last access to the cell.
 *
 * @good   | - | the cell is never touched after it was freed, and it is freed
 * @broken | NO_GRACE | !\(freed\) | the runtime's reference is dropped at the stop: the worker that had marked the
 *           cell idle still looks at its words
 * @broken | EPOCH_KEPT | !\(freed\) | the stop waits for the current epoch instead of a new one: a worker that passed
 *           its loop's top before it ran the cell counts as passed
 * @broken | RUNNING_AS_PARKED | !\(freed\) | a woken worker runs a cell before it says that it is not parked any more
 * @broken | CLOSED_BORROWS | !\(freed\) | the closed pusher drains under the reference of the message that it
 *           destroys
 * @broken | OUTSIDE_BORROWS | !\(freed\) | the outside thread takes no reference of its own, and still clears the idle
 *           tag when its signal may have been handled
 * @broken | OUTSIDE_LATE | !\(freed\) | the outside thread takes its reference after it has posted
 * @broken | UNCOUNTED | !\(freed\) | the stop does not count the cell for an answer that is on its way
 * @broken | COUNTED_TWICE | references==0 | the stop counts the cell for an answer that will not come, too
 * @broken | ONE_LOOK | released | a worker looks at the retired cells only before it announces that it parks: the
 *           last one to park leaves them
 */
#define STOP_BIT 1
#define ANSWER_A 2
#define ANSWER_B 4
#define CLOSED 8
#define WORKERS 2

/* the phases of an ask that its actor waits for */
#define CONTINUED 0
#define READY 1
#define ABANDONED 2

/* the cell */
bool idle = 1;
bool closed = 0;
bool head_is_stub = 1;
byte count = 0;         /* messages in the user queue */
byte unlinked = 0;      /* of these, pushed and not yet linked */
byte sys = 0;
byte references = 4;    /* runtime, two pushers, stopper */
bool freed = 0;
byte ask_a = CONTINUED;
byte ask_b = CONTINUED;
byte handled = 0;       /* answers that the actor has handled: a set */

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

inline clear_idle() {
    d_step { touch(); was_idle = idle; idle = 0 };
    if
    :: was_idle -> was_idle = 0; schedule()
    :: else
    fi
}

/* An answer's. */
inline signal(which) {
    d_step {
        touch();
        refused = (sys & CLOSED) != 0;
        sys = (refused -> sys : sys | which)
    };
    if
    :: refused -> d_step { answered++; drop_reference() }   /* the one that the stop has taken */
    :: else -> clear_idle()
    fi
}

proctype stopper() {
    bool was_idle;
    d_step { touch(); assert(!(sys & CLOSED)); sys = sys | STOP_BIT };
    clear_idle();
    d_step { drop_reference() }
}

/* True to the one that must post: the ask was not abandoned. */
inline publish(ask) {
    d_step {
        posts = (ask == CONTINUED);
        ask = READY;
        answered = answered + (posts -> 0 : 1)
    }
}

proctype outside() {
    bool was_idle, refused, posts;
    publish(ask_a);
    if
    :: posts ->
#if !defined(OUTSIDE_BORROWS) && !defined(OUTSIDE_LATE)
        d_step { touch(); references++ };
#endif
        signal(ANSWER_A);
#ifdef OUTSIDE_LATE
        d_step { touch(); references++ };
#endif
#ifndef OUTSIDE_BORROWS
        d_step { drop_reference() }
#endif
    :: else
    fi
}

inline take_signals() {
    taken = sys;
    sys = 0;
    answered = answered + (taken & 1) + ((taken >> 1) & 1) + ((taken >> 2) & 1);
    handled = handled | (taken & (ANSWER_A | ANSWER_B))
}

/* The stop takes leave of an ask that is not handled. */
inline abandon(which, ask) {
    d_step {
        touch();
        if
        :: handled & which
        :: !(handled & which) && ask == CONTINUED ->
            ask = ABANDONED;
#ifdef COUNTED_TWICE
            references++
#endif
        :: else ->
#ifndef UNCOUNTED
            references++
#endif
        fi
    }
}

/* Refuses what has come meanwhile. */
inline close_signals() {
    d_step { touch(); taken = sys; sys = CLOSED };
    d_step {
        answered = answered + ((taken >> 1) & 1) + ((taken >> 2) & 1);
        if
        :: taken & ANSWER_A -> drop_reference()
        :: else
        fi;
        if
        :: taken & ANSWER_B -> drop_reference()
        :: else
        fi;
        taken = 0
    }
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
    bool was_idle, refused, posts;
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
        publish(ask_b);
        if
        :: posts -> signal(ANSWER_B)
        :: else
        fi;
        d_step { refused = 0; was_idle = 0; posts = 0 };
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
        d_step { touch(); take_signals() };
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
    abandon(ANSWER_A, ask_a);
    abandon(ANSWER_B, ask_b);
    close_signals();
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
        run stopper();
        run outside();
        run worker(0);
        run worker(1)
    }
}
