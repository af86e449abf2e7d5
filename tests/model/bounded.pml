/*
 * Room in a mailbox and senders that wait for it. Stands for mailbox/admission.hpp, boxed_mailbox::wait_for_room and
 * give_back (actor/boxed_mailbox.hpp), core_record's gate listeners.
 *
 * A sender reserves by compare-exchange before it builds; the consumer pops, then stores `released` plainly: the store
 * stays in its buffer (`pending`) until the machine empties it, a locked instruction of the consumer waits for that, and
 * so does the heavy fence of a waiting sender. Three senders; the third takes COUNT places; the second fails to build.
 * Nobody waits with REJECT. The insides of the list are cell.pml's: here a push is one step, and the one that finds the
 * list closed is the consumer.
 *
 * @good   | - | all senders go on; never more than CAPACITY; no place stays reserved
 * @good   | COUNT=2 CAPACITY=2 | the same with a batch of two
 * @good   | REJECT CAPACITY=2 | nobody is refused unless all places were taken at one moment
 * @good   | DEADLINE | a sender may give up at any time, and takes nobody's wake-up with it
 * @good   | STOP | the actor stops meanwhile: waiting senders hear of it
 * @good   | STOP STOP_SILENT | they do even if the stop does not ring: each place that is taken is released, and that rings
 * @good   | FROZEN DEADLINE | nobody consumes: all senders give up
 * @good   | FROZEN GATE | nobody consumes, and the gate closes: all senders go
 * @broken | NO_HEAVY_FENCE | gone | the consumer's store is still in its buffer when the sender looks, and the consumer has
 *           seen no waiter
 * @broken | FENCE_FIRST | gone | the heavy fence comes before the waiter is counted
 * @broken | LOOK_FIRST | gone | the consumer looks for waiters before its store
 * @broken | HEARD_LATE | gone | the bell is read after the look at the room: a ring between is lost
 * @broken | GIVE_BACK_SILENT | gone | a place that is given back rings for nobody
 * @broken | LEAK FROZEN DEADLINE | reserved_now==level_now | a sender that cannot build keeps its place
 * @broken | WAKE_ONE DEADLINE FROZEN | gone | the ring of a timer wakes another sender than its own
 * @broken | GATE_SILENT GATE FROZEN | gone | closing the gate rings for nobody
 * @broken | GATE_NOT_SEEN GATE FROZEN | gone | a sender that comes after the walk does not look at the gate
 * @broken | TWO_STEPS | inside<=2|inside<=1 | the place is looked for and taken in two steps
 * @broken | RELEASE_EARLY | inside<=1 | the place is released before the message has left
 * @broken | KNOWN_ONLY REJECT CAPACITY=2 | was_full | refused by the copy of an old value
 */
#ifndef CAPACITY
#define CAPACITY 1
#endif
#ifndef COUNT
#define COUNT 1
#endif
#define SENDERS 3

byte reserved = 0;
byte released = 0;
byte pending = 0;       /* stores to `released` in the consumer's buffer; each adds one */
byte known = 0;
byte waiters = 0;
byte bell = 0;
bool asleep[SENDERS];
bool over[SENDERS];
bool listening[SENDERS];
bool gate = 0;
bool gate_lock = 0;
bool stop_posted = 0;
bool closed = 0;        /* the system lane */
bool list_closed = 0;   /* the mark in the list's head */
byte listed = 0;

byte inside = 0;        /* places taken, for real: until the message has left */
byte accepted = 0;
byte popped = 0;
byte senders = SENDERS;
bool gone = 0;

proctype machine() {
end_flushed:
    do
    :: d_step { pending > 0 -> pending--; released++ }
    od
}   /* unreached: the machine works for ever */

/* By one who has no stores in his buffer, or waits for it. */
inline ring() {
#ifdef WAKE_ONE
    atomic {
        bell++;
        if
        :: asleep[0] -> asleep[0] = 0
        :: asleep[1] -> asleep[1] = 0
        :: asleep[2] -> asleep[2] = 0
        :: else
        fi
    }
#else
    d_step { bell++; asleep[0] = 0; asleep[1] = 0; asleep[2] = 0 }
#endif
}

inline release() {
#ifdef LOOK_FIRST
    any = waiters != 0;
    pending++;
#else
    pending++;
    any = waiters != 0;
#endif
    if
    :: any -> any = 0; pending == 0; ring()
    :: else
    fi
}

inline pop() {
#ifdef RELEASE_EARLY
    release();
    d_step { listed--; popped++; inside-- }
#else
    d_step { listed--; popped++; inside-- };
    release()
#endif
}

/* By whoever is the consumer of a stopped actor. */
inline drain() {
    do
    :: listed > 0 -> pop()
    :: d_step { listed == 0 && pending == 0 -> assert(!list_closed); list_closed = 1 }; break
    od
}

proctype consumer() {
    bool any;
end_wait:
    do
    :: listed > 0 && !stop_posted -> pop()
#ifdef STOP
    :: stop_posted -> break
#endif
    od;
#ifdef STOP
    atomic { pending == 0 -> closed = 1 };
#ifndef STOP_SILENT
    ring();
#endif
    drain()
#endif
}

/* got: the place was there. was_full: at the moment of the first look at `reserved`. */
inline try_reserve() {
    do
    ::
        d_step { taken = reserved; was_full = reserved + count > released + CAPACITY };
        if
        :: atomic { taken + count > known + CAPACITY }
#ifdef KNOWN_ONLY
            ; assert(was_full); got = 0; break
#else
            -> freed = released;
            known = freed;
            if
            :: taken + count > freed + CAPACITY -> d_step { assert(was_full); got = 0; freed = 0 }; break
            :: else -> freed = 0
            fi
#endif
        :: atomic { taken + count <= known + CAPACITY }
        fi;
        atomic {
            if
#ifndef TWO_STEPS
            :: reserved != taken
#endif
            :: else ->
                reserved = reserved + count;
                inside = inside + count;
                assert(inside <= CAPACITY);
                got = 1;
                break
            fi
        }
    od;
    atomic { taken = 0; was_full = 0 }
}

proctype sender(byte me; byte count; bool builds) {
    byte taken, freed, heard;
    bool got, was_full, any;
    try_reserve();
#ifdef REJECT
    if
    :: !got -> goto leave
    :: else -> goto admitted
    fi;
#else
    if
    :: got -> goto admitted
    :: else
    fi;
    if
    :: closed -> goto leave
    :: else
    fi;
    atomic { !gate_lock -> listening[me] = !gate };
#ifdef FENCE_FIRST
    pending == 0;
#endif
    waiters++;
#if !defined(NO_HEAVY_FENCE) && !defined(FENCE_FIRST)
    pending == 0;
#endif
    do
    ::
#ifndef HEARD_LATE
        heard = bell;
#endif
        if
        :: closed -> break
        :: else
        fi;
#ifndef GATE_NOT_SEEN
        if
        :: gate -> break
        :: else
        fi;
#endif
        try_reserve();
        if
        :: got -> break
        :: else
        fi;
        if
        :: over[me] -> break
        :: else
        fi;
#ifdef HEARD_LATE
        heard = bell;
#endif
        atomic { asleep[me] = heard == bell; heard = 0 };
        !asleep[me]
    od;
    atomic { heard = 0; waiters-- };
    atomic { !gate_lock -> listening[me] = 0 };
    if
    :: got
    :: else -> goto leave
    fi;
#endif
admitted:
    if
    :: !builds ->
#ifdef LEAK
        inside = inside - count;
#else
        d_step { reserved = reserved - count; inside = inside - count };
#ifndef GIVE_BACK_SILENT
        any = waiters != 0;
        if
        :: any -> any = 0; ring()
        :: else
        fi
#endif
#endif
    :: builds ->
        d_step { listed = listed + count; accepted = accepted + count; any = list_closed; list_closed = 0 };
        if
        :: any -> any = 0; drain()
        :: else
        fi
    fi;
leave:
    atomic { got = 0; senders-- }
}

#ifdef DEADLINE
proctype timers() {
    over[0] = 1;
    ring();
#ifdef FROZEN
    over[1] = 1;
    ring();
    over[2] = 1;
    ring()
#endif
}
#endif

#ifdef GATE
proctype closer() {
    gate = 1;
    atomic { !gate_lock -> gate_lock = 1 };
#ifndef GATE_SILENT
    if
    :: listening[0] -> ring()
    :: else
    fi;
    if
    :: listening[1] -> ring()
    :: else
    fi;
    if
    :: listening[2] -> ring()
    :: else
    fi;
#endif
    gate_lock = 0
}
#endif

#ifdef STOP
proctype stopper() {
    stop_posted = 1
}
#endif

proctype quiescence() {
    byte reserved_now, level_now;
    timeout ->
    d_step {
        gone = senders == 0;
        assert(gone);
        reserved_now = reserved - released;
        level_now = listed;
        assert(reserved_now == level_now && inside == listed && popped + listed == accepted && waiters == 0);
#ifdef STOP
        assert(list_closed && listed == 0);
#endif
#ifndef FROZEN
        assert(listed == 0)
#endif
    }
}

init {
    atomic {
        run quiescence();
        run machine();
#ifndef FROZEN
        run consumer();
#endif
        run sender(0, 1, true);
        run sender(1, 1, false);
        run sender(2, COUNT, true);
#ifdef DEADLINE
        run timers();
#endif
#ifdef GATE
        run closer();
#endif
#ifdef STOP
        run stopper();
#endif
    }
}
