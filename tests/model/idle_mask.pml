/*
 * The mark of an idle member in a pool's mask, beside the idle mark of its mailbox. Stands for balancing/idle_mask.hpp,
 * join_idle_queue's pick, and for what a pool's member does before and after its runs; the mailbox's insides are
 * cell.pml's, so a push that wakes is one step, and so is the idle mark, which fails if something waits.
 *
 * One slot. Two that pick: they claim the mark if they see it, else they send to the member all the same (the fallback).
 * A push may fail for a reason of its own (no place at that moment, a message that cannot be built). One sends past the
 * mask. Two workers. With END somebody stops the member, what waits then becomes dead letters, and its slot goes to
 * another member when no pick that began before is under way.
 *
 * "Remembered": a member that is idle is marked, or somebody has claimed the mark and not sent yet; at all times.
 * A member that works is not marked, unless it was restored since it began.
 *
 * @good   | - | an idle member is remembered, one that works is not marked, each message is handled once
 * @good   | END | the same when the member ends and its slot goes to another
 * @broken | ANNOUNCE_LATE | remembered | the member marks itself after it has become idle: it is idle and not known to be
 * @broken | ANNOUNCE_LATE UNWATCHED | working_marked | and by then it may work again, in another thread
 * @broken | NO_WITHDRAW | working_marked | the mark is left when the member does not become idle
 * @broken | NO_WAKE_WITHDRAW | working_marked | who was woken past the mask leaves its mark
 * @broken | NO_RESTORE | remembered | who claimed the mark and could not send leaves it cleared
 * @broken | NO_RESTORE UNWATCHED | remembered_at_last | and that is for ever
 * @broken | RESTORE_QUIET UNWATCHED | remembered_at_last | the mark is restored only if the load is 0: that of another,
 *           which is refused just then and has claimed nothing, is in it
 * @broken | CLAIM_STORE | claimed_twice | a claim is a load and a store: two have the same member
 * @broken | NO_GRACE END | working_marked | a slot is given on while a pick uses it: the refusal restores another's mark
 */
bool mark = 0;
bool idle = 0;          /* the mailbox's */
bool closed = 0;
bool stop = 0;
byte listed = 0;
byte queued = 1;        /* a member begins with a run */
byte owners = 0;
byte member = 0;        /* which of the two has the slot */

byte claims = 0;        /* claimed and neither sent nor restored */
byte picking = 0;
bool restored = 0;      /* since the last withdrawal, and by who picked this member */
byte accepted = 0;
byte handled = 0;
byte dead = 0;
#ifdef RESTORE_QUIET
byte load = 0;          /* counted before the push */
#endif
bool remembered = 1;
bool remembered_at_last = 1;
bool working_marked = 0;
bool claimed_twice = 0;

/* Something has come: who finds the idle mark schedules. */
inline wake() {
    if
    :: idle -> idle = 0; queued++; assert(queued + owners == 1)
    :: else
    fi
}

inline push() {
    if
    :: closed -> in = 0
    :: else -> in = 1; listed++; accepted++; wake()
    fi
}

proctype picker(byte picks) {
    bool claimed, in;
    byte whose;
    do
    :: picks == 0 -> break
    :: picks != 0 -> picks--;
        d_step { picking++; whose = member };
        if
        :: mark ->
#ifdef CLAIM_STORE
            d_step { claimed_twice = !mark; assert(!claimed_twice); claimed = 1; claims++; mark = 0 }
#else
            d_step { claimed = mark; mark = 0; claims = claims + claimed }
#endif
        :: else                         /* the fallback picks it */
        fi;
#ifdef RESTORE_QUIET
        load++;
#endif
        if
        :: d_step {
                if
                :: whose == member -> push()
                :: else -> in = 0       /* that one has ended */
                fi;
                if
                :: in -> claims = claims - claimed; claimed = 0
                :: else
                fi
            }
        :: in = 0                       /* could not be built, or no place just now */
        fi;
#ifdef RESTORE_QUIET
        if
        :: !in -> load--
        :: else
        fi;
#endif
        d_step {
            if
#ifdef NO_RESTORE
            :: claimed -> claims--
#else
            :: claimed -> claims--;
#ifdef RESTORE_QUIET
                if
                :: load == 0 -> mark = 1
                :: else
                fi;
#else
                mark = 1;
#endif
                restored = restored || whose == member
#endif
            :: else
            fi;
            claimed = 0;
            in = 0;
            whose = 0;
            picking--
        }
    od
}

proctype sender(byte messages) {
    bool in;
    do
    :: messages == 0 -> break
#ifndef RESTORE_QUIET
    :: messages != 0 -> d_step { messages--; push(); in = 0 }
#else
    :: messages != 0 -> messages--; load++;
        if
        :: d_step { push() }
        :: in = 0
        fi;
        d_step { load = load - !in; in = 0 }
#endif
    od
}

inline withdraw() {
    if
    :: mark -> d_step { mark = 0; restored = 0 }
    :: else
    fi
}

proctype worker() {
end_wait:
    atomic { queued > 0 -> queued--; owners++; assert(owners == 1) };
#ifndef NO_WAKE_WITHDRAW
    withdraw();
#endif
running:
    do
    :: d_step {
            listed > 0 && !stop ->
            working_marked = mark && !restored;
            assert(!working_marked);
            listed--;
#ifdef RESTORE_QUIET
            load--;
#endif
            handled++
        }
    :: d_step { stop -> closed = 1; dead = dead + listed; listed = 0; owners-- }
        goto end_wait
    :: listed == 0 && !stop -> break
    od;
#ifndef ANNOUNCE_LATE
    mark = 1;
#endif
    if
    :: atomic { listed == 0 && !stop -> idle = 1; owners-- };
#ifdef ANNOUNCE_LATE
        mark = 1;
#endif
        goto end_wait
    :: listed != 0 || stop
    fi;
#if !defined(NO_WITHDRAW) && !defined(ANNOUNCE_LATE)
    withdraw();
#endif
    goto running
}   /* unreached: a worker waits for ever */

#ifdef END
proctype stopper() {
    d_step { stop = 1; wake() };
#ifdef NO_GRACE
    d_step { closed && owners == 0 -> member = 1; closed = 0; stop = 0; restored = 0; queued = 1 }
#else
    d_step { closed && owners == 0 && picking == 0 -> member = 1; closed = 0; stop = 0; restored = 0; queued = 1 }
#endif
}
#endif

#ifndef UNWATCHED
proctype watcher() {
end_watching:
    d_step { idle && !mark && claims == 0 -> remembered = 0; assert(remembered) }
}   /* unreached: that is never so */
#endif

proctype quiescence() {
    timeout ->
    d_step {
        remembered_at_last = idle && mark;
        assert(remembered_at_last);
        assert(claims == 0 && picking == 0 && listed == 0 && handled + dead == accepted && queued == 0 && owners == 0)
    }
}

init {
    atomic {
        run quiescence();
#ifndef UNWATCHED
        run watcher();
#endif
#ifdef END
        run stopper();
#endif
        run picker(2);
        run picker(2);
        run sender(1);
        run worker();
        run worker()
    }
}
