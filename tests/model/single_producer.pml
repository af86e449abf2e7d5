/*
 * The mailbox of one sender: messages travel in a ring, and the list's head word has the marks alone, and the end mark.
 * Stands for mailbox/single_producer.hpp, tagged_list::announce, the loop in actor/actor_run.hpp and close_mailbox
 * (actor/cell_end.hpp).
 *
 * A sender of three messages, two workers; with PILL somebody pushes the end mark, with STOP somebody posts a stop. Whoever
 * takes the mark `closed` away is the consumer until the mailbox is closed again. The end mark is pushed in two steps: the
 * exchange, which takes the head's marks, and the link. The consumer looks for the end mark when the ring is empty, and
 * else at times. Room in the ring is bounded.pml's.
 *
 * @good   | - | one owner at a time; each message is handled once, in order
 * @good   | STOP | handled or a dead letter, and the mailbox ends closed
 * @good   | PILL | the same; what was sent before the end mark is handled, what comes after the mark was seen is not
 * @good   | PILL STOP | both
 * @broken | NO_SECOND_LOOK | all_gone | the ring is not looked at after the idle mark
 * @broken | ANNOUNCE_FIRST | all_gone | the idle mark is tested before the message is in the ring
 * @broken | TAKE_BACK_BLIND | owners\)?==1 | the consumer goes on without asking whether the idle mark is still its own
 * @broken | CLOSE_NO_LOOK STOP | all_gone | the ring is not looked at after the mailbox was closed
 * @broken | CLOSED_IGNORED STOP | all_gone | the sender does not look whether the mailbox is closed
 * @broken | CLOSED_LEFT STOP PILL | owners\)?==1 | a sender that finds it closed does not take that mark away
 * @broken | CLOSE_TAKE_BACK_BLIND STOP | owners\)?==1 | who has closed and finds a message goes on without the mark
 * @broken | PILL_AT_ONCE PILL | pill_in_turn | the end mark is given as soon as it is seen
 * @broken | PILL_WHEN_EMPTY PILL | pill_soon | the end mark is given when the ring is empty: under a steady sender, never
 */
#define SENT 3
#define MARK 100

chan ring = [SENT] of { byte };
bool idle = 1;              /* the marks in the head of the list */
bool closed = 0;
bool pill_pushed = 0;       /* the end mark is in the list ... */
bool pill_linked = 0;       /* ... and can be found */
bool stop_posted = 0;
bool to_drain = 0;          /* who pushed the end mark is the consumer: a worker does it for him */
bool finished = 0;          /* the system lane is closed */

bool pill_seen = 0;         /* the consumer's */
byte before_pill = 0;
byte popped = 0;

byte queued = 0;
byte owners = 0;
byte in_ring = 0;           /* how many were ever put there; their numbers are 1 to SENT */
byte last_gone = 0;
byte handled = 0;
byte sent_before_pill = 0;
byte sent_when_seen = 0;
bool pill_given = 0;
bool pill_in_turn = 1;
bool pill_soon = 1;
bool all_gone = 1;

inline schedule() {
    d_step { queued++; assert(queued + owners == 1 && !finished) }
}

inline own() {
    owners++;
    assert(owners == 1 && queued == 0)
}

/* popped: a message, MARK or 0. */
inline pop() {
    if
    :: !pill_seen && pill_linked ->
        d_step { pill_seen = 1; pill_pushed = 0; pill_linked = 0 };
        d_step { before_pill = len(ring); sent_when_seen = in_ring }
    :: atomic { pill_seen || len(ring) > 0 }
    :: atomic { !pill_linked && !pill_seen && len(ring) == 0 }
    fi;
    d_step {
        popped = 0;
        if
#if defined(PILL_AT_ONCE)
        :: pill_seen && !pill_given -> popped = MARK
#elif defined(PILL_WHEN_EMPTY)
        :: pill_seen && !pill_given && len(ring) == 0 -> popped = MARK
#else
        :: pill_seen && !pill_given && before_pill == 0 -> popped = MARK
#endif
        :: else ->
            if
            :: len(ring) > 0 ->
                ring ? popped;
                before_pill = before_pill - (before_pill > 0 -> 1 : 0);
                assert(popped == last_gone + 1);
                last_gone = popped
            :: else
            fi
        fi
    };
    if
    :: popped == MARK ->
        d_step { pill_given = 1; pill_in_turn = finished || last_gone >= sent_before_pill; assert(pill_in_turn) }
    :: else
    fi
}

inline drain() {
    do
    ::
        pop();
        if
        :: popped != 0
        :: popped == 0 ->
            if
            :: atomic { pill_pushed -> pill_linked }
            :: d_step { !pill_pushed -> closed = 1; owners-- };
#ifdef CLOSE_NO_LOOK
                break
#else
                if
                :: len(ring) == 0 -> break
#ifdef CLOSE_TAKE_BACK_BLIND
                :: len(ring) > 0 -> atomic { closed = 0; own() }
#else
                :: atomic { len(ring) > 0 && closed -> closed = 0; own() }
                :: atomic { len(ring) > 0 && !closed -> break }
#endif
                fi
#endif
            fi
        fi
    od
}

/* After something was put where the consumer finds it: who takes a mark takes its place. */
inline announce() {
    d_step { was_idle = idle; idle = 0; was_closed = closed };
    if
    :: was_idle -> was_idle = 0; schedule()
#ifndef CLOSED_IGNORED
    :: !was_idle && was_closed ->
#ifdef CLOSED_LEFT
        d_step { was_closed = 0; own() };
        drain()
#else
        atomic {
            was_closed = closed;
            closed = 0;
            if
            :: was_closed -> was_closed = 0; own()
            :: else -> goto announced
            fi
        };
        drain();
announced:
        skip
#endif
#endif
    :: else -> was_closed = 0
    fi
}

proctype sender() {
    bool was_idle, was_closed;
    do
    :: in_ring == SENT -> break
    :: else ->
#ifdef ANNOUNCE_FIRST
        announce();
        d_step { in_ring++; ring ! in_ring }
#else
        d_step { in_ring++; ring ! in_ring };
        announce()
#endif
    od
}

#ifdef PILL
proctype ender() {
    bool was_idle, was_closed;
    d_step {
        sent_before_pill = in_ring;
        pill_pushed = 1;
        was_idle = idle;
        was_closed = closed;
        idle = 0;
        closed = 0;
        if
        :: was_closed -> own()
        :: else
        fi
    };
    pill_linked = 1;
    if
    :: was_idle -> schedule()
    :: was_closed -> to_drain = 1
    :: else
    fi
}
#endif

#ifdef STOP
proctype stopper() {
    bool was_idle;
    if
    :: finished -> goto refused
    :: else -> stop_posted = 1
    fi;
    d_step { was_idle = idle; idle = 0 };
    if
    :: was_idle -> schedule()
    :: else
    fi;
refused:
    skip
}
#endif

proctype worker() {
end_wait:
    if
    :: atomic { queued > 0 -> queued--; own() }
#ifdef PILL
    :: d_step { to_drain -> to_drain = 0 }; goto finish
#endif
    fi;
running:
    if
    :: stop_posted -> goto finish
    :: else
    fi;
    pop();
    if
    :: popped == MARK -> goto finish
    :: popped != 0 && popped != MARK ->
        d_step { handled++; pill_soon = !pill_seen || popped <= sent_when_seen; assert(pill_soon) };
        goto running
    :: popped == 0
    fi;
    if
    :: atomic { pill_pushed -> pill_linked }; goto running
    :: d_step { !pill_pushed -> idle = 1; owners-- }
    fi;
    if
    :: stop_posted
#ifndef NO_SECOND_LOOK
    :: len(ring) > 0
    :: atomic { !stop_posted && len(ring) == 0 -> goto end_wait }
#else
    :: else -> goto end_wait
#endif
    fi;
#ifdef TAKE_BACK_BLIND
    d_step { idle = 0; own() };
    goto running;
#else
    atomic {
        if
        :: idle -> idle = 0; own(); goto running
        :: else -> goto end_wait
        fi
    };
#endif
finish:
    finished = 1;
    drain();
    goto end_wait
}   /* unreached: a worker waits for ever */

proctype quiescence() {
    timeout ->
    d_step {
        all_gone = last_gone == SENT && len(ring) == 0;
        assert(all_gone);
        assert(queued == 0 && owners == 0 && !pill_pushed);
#if defined(PILL) || defined(STOP)
        assert(finished && closed && !idle)
#else
        assert(handled == SENT && idle && !closed)
#endif
    }
}

init {
    atomic {
        run quiescence();
        run sender();
#ifdef PILL
        run ender();
#endif
#ifdef STOP
        run stopper();
#endif
        run worker();
        run worker()
    }
}
