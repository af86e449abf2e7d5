/*
 * An actor that lingers: with fewer than N messages waiting it is held, so that pushes do not schedule it, until there
 * are N, its timer fires, a signal comes, the end mark comes, or the gate closes. Stands for actor/linger.hpp with
 * mailbox/admission.hpp, boxed_mailbox::push and give_back, and the loop in actor/actor_run.hpp; the lists' insides are
 * cell.pml's.
 *
 * What ends a linger clears `held` in the system word and leaves no other trace there: so the consumer, after it has set
 * the mark, looks at each of the causes again. Two workers; pushers with three messages; with GIVES_BACK the sender
 * of one of them reserves a place and gives it back. How many wait is counted by reservations, before the push. The actor's share may be
 * over after each message. A fired timer means "time is over" or, being an older one, nothing yet: both are tried. With
 * FROZEN no timer ever fires (a manual clock that stands still): what should end the linger by itself must do so.
 *
 * @good   | - | timers fire at any time: no message stays
 * @good   | SIGNAL_SENT FROZEN | N messages never wait for the time; a signal is not lost
 * @good   | GIVES_BACK FROZEN | nor if one gives back the place that made it N
 * @good   | GATE FROZEN | a closed gate ends the linger
 * @good   | PILL FROZEN | the end mark ends the linger
 * @broken | NO_SECOND_LOOK FROZEN | enough_ran | the level is not read after the mark: the push that makes it N comes
 *           between and finds no mark
 * @broken | TIMER_NOT_SEEN | nothing_left | a timer that fires between arming and the mark finds no mark, and nobody sees
 *           that none is armed
 * @broken | GATE_NOT_SEEN GATE FROZEN | gate_heard | the same with the gate
 * @broken | GATE_UNLISTED GATE FROZEN | gate_heard | closing the gate tells nobody
 * @broken | PILL_SILENT PILL FROZEN | pill_heard | the end mark is pushed and ends no linger
 * @broken | GIVE_BACK_SILENT GIVES_BACK FROZEN | enough_ran | the sender of the place that should wake gives it back: the
 *           next one was not the one that made it N
 * @broken | OLD_RELEASED FROZEN | enough_ran | a sender counts by what had left before it reserved
 * @broken | TAKE_BACK_BLIND | owners\)?==1 | after the second look the mark is taken back without asking whether it is there
 * @broken | HOLD_STORE SIGNAL_SENT FROZEN | signal_kept | the mark is a store: it erases a signal
 */
#define N 2
#define HELD 1
#define SIGNAL 2

byte sys = 0;
bool idle = 1;
byte listed = 0;
bool pill_listed = 0;
bool pill_sent = 0;
byte reserved = 0;
byte released = 0;
bool armed = 0;
bool fired = 0;         /* since the present linger began: its time may be over */
bool gate = 0;
bool gate_lock = 0;
bool listening = 0;

byte queued = 0;
byte owners = 0;
bool signal_done = 0;
bool pill_done = 0;
byte handled = 0;
byte accepted = 0;
bool enough_ran = 1;
bool nothing_left = 1;
bool gate_heard = 1;
bool pill_heard = 1;
bool signal_kept = 1;

inline schedule() {
    d_step { queued++; assert(queued + owners == 1) }
}

inline schedule_if_idle() {
    d_step { was = idle; idle = 0 };
    if
    :: was -> was = 0; schedule()
    :: else
    fi
}

inline post(node) {
    d_step { was = sys & HELD; sys = (sys | node) & (255 - HELD) };
    if
    :: was -> was = 0; schedule()
    :: else -> schedule_if_idle()
    fi
}

/* enough: this place is the one that makes it N. While the actor is held nothing leaves, so `released` is exact then. */
inline reserve() {
#ifdef OLD_RELEASED
    freed = released;
    d_step {
        before = reserved;
        reserved++;
#else
    d_step { before = reserved; reserved++ };
    d_step {
        freed = released;
#endif
        enough = before - freed < N && (before > freed -> before - freed : 0) + 1 >= N;
        before = 0;
        freed = 0
    }
}

proctype pusher(byte count) {
    byte before, freed;
    bool was, enough;
    do
    :: count == 0 -> break
    :: else -> count--;
        reserve();
        d_step { listed++; accepted++; was = idle; idle = 0 };
        if
        :: was -> was = 0; schedule()
        :: else
        fi;
        if
        :: enough -> enough = 0; post(0)
        :: else
        fi
    od
}

#ifdef GIVES_BACK
proctype gives_back() {
    byte before, freed;
    bool was, enough;
    reserve();
    freed = released;
    d_step { enough = reserved - freed >= N; freed = 0 };
    reserved--;
#ifndef GIVE_BACK_SILENT
    if
    :: enough -> enough = 0; post(0)
    :: else -> enough = 0
    fi
#endif
}
#endif

#ifdef SIGNAL_SENT
proctype signaller() {
    bool was;
    post(SIGNAL)
}
#endif

#ifdef PILL
proctype ender() {
    bool was;
    pill_sent = 1;
    d_step { pill_listed = 1; was = idle; idle = 0 };
    if
    :: was -> was = 0; schedule()
    :: else
    fi;
#ifndef PILL_SILENT
    post(0)
#endif
}
#endif

#ifdef GATE
proctype closer() {
    bool was;
    gate = 1;
    atomic { !gate_lock -> gate_lock = 1 };
#ifndef GATE_UNLISTED
    if
    :: listening -> post(0)
    :: else
    fi;
#endif
    gate_lock = 0
}
#endif

#ifndef FROZEN
proctype clock() {
    bool was;
end_quiet:
    do
    :: d_step { armed -> armed = 0; fired = 1 };
        post(0)
    od
}   /* unreached: the clock works for ever */
#endif

proctype worker() {
    byte freed;
    bool was;
end_wait:
    atomic { queued > 0 -> queued--; owners++; assert(owners == 1) };
running:
    if
    :: sys != 0 -> d_step { assert(!(sys & HELD)); signal_done = signal_done || (sys & SIGNAL); sys = 0 }; goto running
    :: else
    fi;
    atomic { !gate_lock -> listening = 0 };
    if
    :: atomic { reserved == released || reserved - released >= N || pill_sent -> goto ready }
    :: atomic { reserved != released && reserved - released < N && !pill_sent }
    fi;
    if
    :: fired -> d_step { fired = 0 }; goto ready      /* its time is over */
    :: true                                /* or it is not */
    fi;
    if
    :: armed                               /* an older one will do */
    :: else -> armed = 1
    fi;
    atomic {
        !gate_lock ->
        if
        :: gate -> goto ready
        :: else -> listening = 1
        fi
    };
    atomic {
        if
#ifndef HOLD_STORE
        :: sys != 0 -> goto running
#endif
        :: else -> sys = HELD; owners--
        fi
    };
#ifndef NO_SECOND_LOOK
    /* Another worker may have the actor by now: only shared words are touched. */
    freed = released;
    if
    :: reserved - freed >= N -> goto take_back
    :: else
    fi;
#endif
    if
    :: pill_sent -> goto take_back
    :: else
    fi;
#ifndef TIMER_NOT_SEEN
    if
    :: !armed -> goto take_back
    :: else
    fi;
#endif
#ifndef GATE_NOT_SEEN
    if
    :: gate -> goto take_back
    :: else
    fi;
#endif
    freed = 0;
    goto end_wait;
take_back:
    atomic {
        freed = 0;
#ifdef TAKE_BACK_BLIND
        sys = sys & SIGNAL; owners++; assert(owners == 1 && queued == 0); goto running
#else
        if
        :: sys & HELD -> sys = sys & SIGNAL; owners++; assert(owners == 1 && queued == 0); goto running
        :: else -> goto end_wait
        fi
#endif
    };
ready:
    do
    :: listed > 0 -> listed--; d_step { released++; handled++ };
        if
        :: goto running                    /* its share is over */
        :: true
        fi
    :: listed == 0 && pill_listed -> d_step { pill_listed = 0; pill_done = 1 }
    :: atomic { listed == 0 && !pill_listed -> idle = 1; owners--; break }
    od;
    if
    :: sys != 0 ->
        d_step {
            was = idle;
            idle = 0;
            if
            :: was -> owners++; assert(owners == 1 && queued == 0)
            :: else
            fi
        };
        if
        :: was -> was = 0; goto running
        :: else
        fi
    :: else
    fi;
    goto end_wait
}   /* unreached: a worker waits for ever */

proctype quiescence() {
    timeout ->
    d_step {
#ifdef SIGNAL_SENT
        signal_kept = signal_done;
        assert(signal_kept);
#endif
        assert(queued == 0 && owners == 0 && handled + listed == accepted && released == handled && reserved == accepted);
#ifdef FROZEN
        enough_ran = listed < N && (listed == 0 || sys == HELD);
        gate_heard = !(gate && sys == HELD);
        pill_heard = pill_done == pill_sent;
        assert(gate_heard);
        assert(pill_heard);
        assert(enough_ran)
#else
        nothing_left = listed == 0 && sys == 0 && idle;
        assert(nothing_left)
#endif
    }
}

init {
    atomic {
        run quiescence();
        run pusher(1);
#ifdef GIVES_BACK
        run gives_back();
        run pusher(1);
#else
        run pusher(2);
#endif
#ifdef SIGNAL_SENT
        run signaller();
#endif
#ifdef PILL
        run ender();
#endif
#ifdef GATE
        run closer();
#endif
#ifndef FROZEN
        run clock();
#endif
        run worker();
        run worker()
    }
}
