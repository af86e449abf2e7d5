/*
 * The water marks of a limited mailbox: a sender that heard `accepted_above_high_water` always hears of the fall. Stands
 * for rose, settle_water, release, give_back and fell in mailbox/admission.hpp, boxed_mailbox::push and give_back, and
 * tell_water_level in actor/water.hpp.
 *
 * Two pushers with three messages, and a sender that reserves a place and gives it back. The consumer may take no more
 * at any time. It stores `released` plainly: the store stays in its buffer (`pending`) until the machine empties it, a
 * locked instruction of the consumer waits for that, and so does a heavy fence. `owed`: somebody was answered that it is
 * above since a fall was last decided on. Places and their limit are bounded.pml's; a push is one step. Left out: several
 * subscribers, which are told one after the other, and the end of the actor, after which nobody is told.
 *
 * @good   | - | each rise is told and each fall after it; the last that is told is how it stands
 * @good   | HIGH=0 | the same with both marks at one level, as in a mailbox of one place
 * @good   | HIGH=2 LOW=1 | the same with higher marks
 * @good   | GIVES_BACK | the same with a place that is given back
 * @broken | NO_SETTLE | low_is_known | the mailbox is emptied while the flag is about to be set: nobody looks again
 * @broken | SETTLE_NO_FENCE | low_is_known | the consumer's store is still in its buffer when the sender looks, and the
 *           consumer has not seen the flag
 * @broken | NO_RISEN HIGH=0 | fall_is_told | the rise is over before it is told, so neither is told
 * @broken | EQUAL_ENDS | low_is_known | a rise that is told already ends the telling, though the fall came with it
 * @broken | TELL_ONCE | last_is_true | who tells does not look again at the end
 * @broken | ALL_TELL | last_is_true|low_is_known | two tell at once: what is told last is not what came last
 * @broken | NO_RECHECK HIGH=0 | high_is_known | filled up again before the flag changed, and nobody has seen that it did
 * @broken | RESTORED_BLIND HIGH=0 | fall_is_told|low_is_known|last_is_true | who sets the flag again does not look again
 * @broken | RESTORED_SILENT HIGH=0 | high_is_known|fall_is_told | who sets the flag again tells no rise: another may have told
 *           that it fell
 * @broken | GIVE_BACK_SILENT GIVES_BACK | low_is_known | a place that is given back makes it fall, and nobody looks
 * @broken | GIVE_BACK_NO_FENCE GIVES_BACK | low_is_known | the same, as the consumer's store is still in its buffer
 * @broken | OLD_RELEASED | was_above | a sender counts by what had left before it reserved
 */
#ifndef HIGH
#define HIGH 1
#endif
#ifndef LOW
#define LOW 0
#endif

byte reserved = 0;
byte released = 0;
byte pending = 0;       /* stores to `released` in the consumer's buffer; each adds one */
byte known = 0;
byte listed = 0;
bool above = 0;
bool restored = 0;      /* set again, and not told yet */

bool locked = 0;        /* what follows is of the listeners' mutex */
bool risen = 0;
bool told_above = 0;
bool telling = 0;

bool heard_above = 0;   /* the subscriber */
bool owed = 0;
byte senders = 2;

bool low_is_known = 1;
bool high_is_known = 1;
bool last_is_true = 1;
bool fall_is_told = 1;

proctype machine() {
end_flushed:
    do
    :: d_step { pending > 0 -> pending--; released++ }
    od
}   /* unreached: the machine works for ever */

/* own: the stores that this thread alone sees. `released` is read first. */
inline read_level(own) {
    freed = released + own;
    d_step { level = reserved - freed; freed = 0 }
}

/* yes: it changed the flag, so that somebody must be told how it stands. To set it again is a rise as any other: a fall may
 * have been told meanwhile, and what left meanwhile has seen it down and told nobody. */
inline fell(own) {
    do
    ::
        read_level(own);
        if
        :: level > LOW -> break
        :: else
        fi;
        atomic {
            own == 0 -> level = 0;
            if
            :: !above -> break
            :: else -> above = 0; yes = 1
            fi
        };
#ifdef NO_RECHECK
        break
#else
        read_level(own);
        if
        :: level <= HIGH -> break
        :: else
        fi;
        atomic {
            level = 0;
            if
            :: above -> break               /* somebody else has set it */
            :: else -> above = 1
            fi
        };
#ifndef RESTORED_SILENT
        restored = 1;
#endif
#ifdef RESTORED_BLIND
        break
#else
        pending == 0
#endif
#endif
    od;
    level = 0
}

/* own: a lock waits until its thread's stores are seen. */
inline lock(own) {
    atomic { !locked && own == 0 -> locked = 1 }
}

inline tell(rose, own) {
    lock(own);
    d_step {
#ifndef NO_RISEN
        risen = risen || rose || restored;
#endif
        restored = 0
    };
#ifndef ALL_TELL
    if
    :: telling -> goto told                 /* who tells looks again at the end */
    :: else -> telling = 1
    fi;
#endif
    do
    ::
        atomic { now = (risen -> 1 : above); risen = 0; owed = owed && (now || !told_above) };
        if
        :: now == told_above ->
#ifdef EQUAL_ENDS
            break
#else
            if
            :: !now || above -> break
            :: else
            fi
#endif
        :: else ->
            d_step { told_above = now; locked = 0 };
            heard_above = now;              /* without the lock */
            lock(own);
#ifdef TELL_ONCE
            break
#endif
        fi
    od;
    telling = 0;
told:
    atomic { now = 0; locked = 0 }
}

proctype consumer() {
    byte freed, level;
    bool yes, now;
end_wait:
    do
    :: listed > 0 ->
        d_step { listed--; pending++ };
        if
        :: above -> fell(pending)
        :: else
        fi;
        if
        :: yes -> yes = 0; tell(0, pending)
        :: else
        fi
    :: true -> break                        /* it takes no more */
    od
}

/* level: with this place. */
inline reserve() {
    do
    ::
        d_step { taken = reserved; freed = known; was_above = reserved + 1 - released > HIGH };
#ifndef OLD_RELEASED
        if
        :: taken + 1 - freed > HIGH -> freed = released; known = freed
        :: else
        fi;
#endif
        atomic {
            if
            :: reserved == taken -> reserved++; break
            :: else
            fi
        }
    od;
    atomic {
        level = taken + 1 - freed;
        assert(level <= HIGH || was_above);
        taken = 0;
        freed = 0;
        was_above = 0
    }
}

inline push() {
    reserve();
    listed++;
    if
    :: level > HIGH ->
        level = 0;
        d_step { yes = !above; owed = owed || above };
        if
        :: yes ->
            d_step { yes = !above; above = 1; owed = 1 };
            if
            :: yes -> yes = 0;
#ifndef NO_SETTLE
#ifndef SETTLE_NO_FENCE
                pending == 0;
#endif
                fell(0);
#endif
                yes = 0;
                tell(1, 0)
            :: else
            fi
        :: else
        fi
    :: else -> level = 0
    fi
}

proctype pusher(byte count) {
    byte taken, freed, level;
    bool was_above, yes, now;
    do
    :: count == 0 -> break
    :: else -> count--; push()
    od;
    senders--
}

#ifdef GIVES_BACK
proctype gives_back() {
    byte taken, freed, level;
    bool was_above, yes, now;
    reserve();
    level = 0;
    reserved--;
#ifndef GIVE_BACK_SILENT
    if
    :: above ->
#ifndef GIVE_BACK_NO_FENCE
        pending == 0;
#endif
        fell(0);
        if
        :: yes -> yes = 0; tell(0, 0)
        :: else
        fi
    :: else
    fi;
#endif
    senders--
}
#endif

proctype quiescence() {
    timeout ->
    d_step {
        assert(senders == 0 && pending == 0 && listed == reserved - released && !telling && !locked);
        low_is_known = listed > LOW || !above && !heard_above;
        high_is_known = listed <= HIGH || above && heard_above;
        last_is_true = heard_above == above && !risen;
        fall_is_told = !owed || heard_above;
        assert(fall_is_told);
        assert(low_is_known);
        assert(high_is_known);
        assert(last_is_true)
    }
}

init {
    atomic {
        run quiescence();
        run machine();
        run consumer();
#ifdef GIVES_BACK
        run pusher(2);
        run gives_back()
#else
        run pusher(2);
        run pusher(1)
#endif
    }
}
