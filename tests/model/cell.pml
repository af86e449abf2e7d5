/*
 * The cell: user word, system word, held, closed. Stands for mailbox/unbounded.hpp, mailbox/system_lane.hpp and
 * actor/cell.hpp.
 *
 * Two outside pushers, two signallers, two workers. The first message that the actor handles suspends it on an ask:
 * it is held until the reply comes through the system lane. The second signaller sends an ordinary signal, or with
 * STOP the stop. With CHILD the stopping actor waits, held, for the exit of a child. With SINK the dead-letter sink
 * sends one message to the stopped cell itself, from inside the drain.
 *
 * Each statement below is at most one access to shared memory; a compare-exchange loop that only adds to a word, or
 * takes all of it, is one step. Nodes come from a small pool and are used again, so that a stale compare-exchange
 * would show.
 *
 * @good   | - | no stop: everything is handled
 * @good   | STOP | the stop races with pushes, with the reply and with a held actor
 * @good   | STOP CHILD | the stopping actor is held until its child has gone
 * @good   | STOP SINK | the dead-letter sink sends to the stopped cell while it is drained
 * @broken | NO_RECHECK | no_signal_lost | a signal that comes between the last look at the system word and the idle
 *           mark finds no idle tag to take, and nobody looks again
 * @broken | HELD_NOT_QUEUED | no_(message|signal)_lost | a held cell that is merely not queued: the reply finds
 *           neither tag and schedules nobody, and the messages behind it stay
 * @broken | IDLE_FLAG | no_message_lost | the idle state is a flag beside the word, read after the push: the pusher
 *           reads it before the consumer sets it
 * @broken | IDLE_STORE | live\[prev\] | the idle mark is a store: it erases a push
 * @broken | STUB_ALWAYS | in_flight | the stub's link is cleared before the idle mark although the stub is the tail:
 *           the link of a push that is just being written is erased
 * @broken | STUB_LATE | in_flight | the tail is set to the stub after the idle mark: the next owner has the old one
 * @broken | FREE_EARLY | live\[old\] | the envelope is freed when handled, while a push still has to link to it
 * @broken | HOLD_STORE STOP | no_signal_lost | the hold is a store instead of a compare-exchange from zero: it erases
 *           the stop
 * @broken | SYS_OPEN STOP | no_signal_lost | the stop takes the system word and does not close it: a later signal is
 *           neither handled nor refused
 * @broken | NO_RESTORE STOP | no_message_lost | the closed pusher leaves the word without the tag: the next push is
 *           lost
 * @broken | RESTORE_STORE STOP | live\[prev\] | the closed pusher restores the tag by a store: it erases a push
 * @broken | RESTORE_LATE STOP | tail== | the closed pusher resets the tail after it restored the tag: the next one
 *           drains with the old tail
 * @broken | CLOSED_IGNORED STOP | no_message_lost | a push that reads the closed tag does nothing about it
 */
#define MESSAGES(pusher) (2 - pusher)     /* one pusher sends two, the other one */
#ifdef SINK
#define POOL 4
#define free_envelope (!live[1] || !live[2] || !live[3] || !live[4])
#else
#define POOL 3
#define free_envelope (!live[1] || !live[2] || !live[3])
#endif
#define STUB (POOL + 1)

/* Bits of the system word. A signal's node is its bit: the order in the list is the reversal of a stack. */
#define REPLY 1
#define OTHER 2
#define EXIT 4
#define STOP_BIT 8
#define HELD 16
#define CLOSED 32
#define signals_in(word) (((word) & 1) + (((word) >> 1) & 1) + (((word) >> 2) & 1) + (((word) >> 3) & 1))

#ifdef STOP
#define SECOND STOP_BIT
#else
#define SECOND OTHER
#endif
#ifdef NO_RESTORE
#define RESTORED 0
#else
#define RESTORED 1
#endif

/* the user word: a pointer and two tags, always accessed together */
byte head = STUB;
bool idle = 1;
bool closed = 0;

byte sys = 0;
byte tail = STUB;
byte next[POOL + 2];
bool live[POOL + 2];
byte sender[POOL + 2];
byte number[POOL + 2];

byte queued = 0;    /* how often the cell stands in a run queue */
byte owners = 0;    /* how many threads own the consumer's side of the cell */

/* the actor, touched by its owner only */
bool suspended = 0;
bool stopping = 0;
#ifdef CHILD
bool children = 1;
#else
bool children = 0;
#endif

/* what the properties need */
byte sent[3];       /* two pushers and the dead-letter sink */
byte finished[3];   /* handled or dead-lettered */
byte answered = 0;  /* signals handled, disposed of or refused */
bool asked = 0;
bool child_told = 0;
bool stopped = 0;
bool no_message_lost = 1;
bool no_signal_lost = 1;
bool at_rest = 1;
byte in_flight = 0;  /* pushes between their exchange and their link */

inline schedule() {
    d_step {
        queued++;
        assert(queued + owners == 1 && !stopped)
    }
}

inline allocate(n, s) {
    d_step {
        free_envelope ->
        n = (!live[1] -> 1 : (!live[2] -> 2 : (!live[3] -> 3 : 4)));
        live[n] = 1;
        next[n] = 0;
        sender[n] = s;
        number[n] = sent[s];
        sent[s]++
    }
}

/* Exactly once, and in the order of its sender. */
inline finish(n) {
    assert(live[n] && finished[sender[n]] == number[n]);
    finished[sender[n]]++
}

inline release(n) {
    assert(n == STUB || live[n]);
    live[n] = 0
}

/* The consumer steps from `old` to `n`; the envelope it leaves is free only now. */
inline advance(n, old) {
    old = tail;
    tail = n;
    finish(n);
#ifdef FREE_EARLY
    release(n)
#else
    release(old)
#endif
}

/* Everything to the dead letters, then the closed tag: by the worker that stops the actor, and by a closed pusher. */
inline drain_closed(n, old, tag) {
    do
    :: n = next[tail];
        if
        :: n != 0 ->
            d_step { advance(n, old); n = 0; old = 0 };
#ifdef SINK
            if
            :: sent[2] == 0 ->
                allocate(n, 2);
                /* The word has no tag while its owner drains, so the sink's own send does not recurse. */
                d_step { assert(!closed && !idle && owners == 1); old = head; head = n };
                d_step { assert(old == STUB || live[old]); next[old] = n; n = 0; old = 0 }
            :: else
            fi
#endif
        :: else ->
            old = head;
            if
            :: old != tail -> old = 0; next[tail] != 0    /* wait for a push between its exchange and its link */
            :: else ->
#ifndef RESTORE_LATE
                d_step { next[STUB] = (old == STUB -> next[STUB] : 0); tail = STUB };
#endif
                atomic {
#ifdef RESTORE_STORE
                    true ->
#else
                    if
                    :: head != old -> tail = old; old = 0
                    :: else ->
#endif
                        assert(!idle && !closed && owners == 1);
                        head = STUB;
                        closed = tag;
                        owners--;
#ifdef RESTORE_LATE
                        goto late;
#endif
                        release(old);
                        old = 0;
                        break
#ifndef RESTORE_STORE
                    fi
#endif
                }
            fi
        fi
    od;
#ifdef RESTORE_LATE
late:
    skip;
    d_step { next[STUB] = (old == STUB -> next[STUB] : 0); tail = STUB };
    d_step { release(old); old = 0 }
#endif
}

proctype pusher(byte me) {
    byte n, prev, old;
    bool was_idle, was_closed;
    do
    :: sent[me] == MESSAGES(me) -> break
    :: sent[me] < MESSAGES(me) ->
        allocate(n, me);
        d_step {
            prev = head;
            head = n;
            in_flight++;
            was_closed = closed;
            closed = 0;
#ifndef IDLE_FLAG
            was_idle = idle;
            idle = 0;
#endif
            if
            :: was_closed -> owners++; assert(owners == 1 && queued == 0 && prev == STUB && tail == STUB)
            :: else
            fi
        }
        d_step { assert(prev == STUB || live[prev]); next[prev] = n; in_flight--; prev = 0; n = 0 };
        if
#ifdef IDLE_FLAG
        :: idle -> d_step { was_idle = idle; idle = 0 };
            if
            :: was_idle -> was_idle = 0; schedule()
            :: else
            fi
#else
        :: was_idle -> was_idle = 0; schedule()
#endif
#ifdef STOP
        :: was_closed -> was_closed = 0;
#ifndef CLOSED_IGNORED
            drain_closed(n, old, RESTORED)
#endif
#endif
        :: else
        fi
    od
}

inline signal(which) {
    d_step {
        if
        :: sys & CLOSED -> refused = 1; answered++
        :: else -> was_held = (sys & HELD) != 0; sys = (sys | which) & (255 - HELD)
        fi
    };
    if
    :: refused
    :: was_held -> schedule()
    :: else ->
        d_step { was_idle = idle; idle = 0 };
        if
        :: was_idle -> schedule()
        :: else
        fi
    fi
}

/* `which` stands for the node, or for the stop bit. The reply and the child's exit are caused by the actor. */
proctype signaller(byte which) {
    bool was_held, was_idle, refused;
end_not_caused:
    (which == REPLY && asked) || (which == EXIT && child_told) || which == SECOND;
    signal(which)
}

proctype worker() {
    byte n, old, taken;
    bool was_idle;
end_wait:
    atomic { queued > 0 -> queued--; owners++; assert(owners == 1) };
running:
    if
    :: sys != 0 ->
        d_step { taken = sys; sys = 0 };
        d_step {
            assert(!(taken & (HELD | CLOSED)));
            answered = answered + signals_in(taken);
            suspended = suspended && !(taken & REPLY);
            stopping = stopping || (taken & STOP_BIT);
            children = children && !(taken & EXIT);
            taken = 0
        };
        goto running
    :: else
    fi;
    if
#ifdef STOP
    :: stopping && !children -> goto finish_stop
#ifdef CHILD
    :: stopping && children -> child_told = 1; goto hold
#endif
#endif
    :: !stopping && suspended -> goto hold
    :: !stopping && !suspended
    fi;

    n = next[tail];
    if
    :: n != 0 ->
        d_step {
            advance(n, old);
            n = 0;
            old = 0;
            suspended = !asked;
            asked = 1
        };
        goto running
    :: else
    fi;
    old = head;
    if
    :: old != tail ->   /* a push is to be linked: let others run meanwhile */
        atomic { assert(next[tail] != 0 || in_flight > 0); old = 0; owners--; schedule() };
        goto end_wait
    :: else
    fi;
#ifdef IDLE_FLAG
    d_step { idle = 1; owners--; old = 0 };
#else
#ifndef STUB_LATE
    /* The stub's link is cleared only when the stub is not the tail: otherwise a push may be writing it. */
#ifdef STUB_ALWAYS
    d_step { next[STUB] = 0; tail = STUB };
#else
    d_step { next[STUB] = (old == STUB -> next[STUB] : 0); tail = STUB };
#endif
#endif
    atomic {
        if
#ifndef IDLE_STORE
        :: head != old -> tail = old; old = 0; goto running
#endif
        :: else ->
            assert(!idle && !closed && owners == 1);
            head = STUB;
            idle = 1;
            owners--
        fi
    };
#ifdef STUB_LATE
    d_step { next[STUB] = (old == STUB -> next[STUB] : 0); tail = STUB };
#endif
    d_step { release(old); old = 0 };
#endif
#ifndef NO_RECHECK
    if
    :: sys != 0 ->
        d_step {
            was_idle = idle;
            idle = 0;
            if
            :: was_idle -> owners++; assert(owners == 1 && queued == 0)
            :: else
            fi
        };
        if
        :: was_idle -> was_idle = 0; goto running
        :: else
        fi
    :: else
    fi;
#endif
    goto end_wait;

hold:
    atomic {
#ifdef HELD_NOT_QUEUED
        owners--;
        goto end_wait
#else
        if
#ifndef HOLD_STORE
        :: sys != 0 -> goto running
#endif
        :: else -> sys = HELD; owners--; goto end_wait
        fi
#endif
    };

#ifdef STOP
finish_stop:
    atomic {
        answered = answered + signals_in(sys);
#ifdef SYS_OPEN
        sys = 0;
#else
        sys = CLOSED;
#endif
        stopped = 1
    };
    drain_closed(n, old, 1);
    goto end_wait
#endif
}   /* unreached: a worker waits for ever */

proctype quiescence() {
    timeout ->
    d_step {
        no_message_lost = finished[0] == sent[0] && finished[1] == sent[1] && finished[2] == sent[2];
        no_signal_lost = answered == asked + child_told + 1;
#ifndef IDLE_FLAG
        at_rest = owners == 0 && queued == 0 && head == STUB && tail == STUB && next[STUB] == 0 &&
            live[1] + live[2] + live[3] + (STUB == 5 && live[4]) == 0;
#endif
        assert(no_message_lost);
        assert(no_signal_lost);
        assert(at_rest);
#ifdef STOP
        assert(stopped && closed && !idle);
#ifndef SYS_OPEN
        assert(sys == CLOSED)
#endif
#else
        assert(!closed && idle && sys == 0)
#endif
    }
}

init {
    atomic {
        run quiescence();
        run pusher(0);
        run pusher(1);
        run signaller(REPLY);
        run signaller(SECOND);
#ifdef CHILD
        run signaller(EXIT);
#endif
        run worker();
        run worker()
    }
}
