/*
 * The biased lock of a worker's next slot: the owner takes it by plain accesses, a thief revokes it with an
 * asymmetric fence. Stands for scheduling/biased_lock.hpp.
 *
 * Each thread has a store buffer that is emptied in order, at any time (total store order): the owner's light fence
 * orders its compiler only, a locked instruction waits for the own buffer, the thief's heavy fence (membarrier) waits
 * for the owner's. The owner puts two actors into the slot and takes what is left; a thief gives up when the owner is
 * inside; an inspector waits for the owner to leave.
 *
 * @good   | - | never two inside, each actor is taken once
 * @good   | INSPECTOR | the same with one of the thieves waiting for the owner
 * @good   | SYMMETRIC | without membarrier: the owner enters by a locked exchange, and no heavy fence is needed
 * @broken | NO_HEAVY_FENCE | inside==1 | the thief does not see the owner's announcement, which is still in its store
 *           buffer
 * @broken | NO_SECOND_LOOK | inside==1|taken | the owner does not look at the revocation after its announcement
 * @broken | NO_EXCHANGE | inside==1|taken | thieves test and set the revocation in two steps
 * @broken | REVOKE_STUCK | revoking | a thief that gives up leaves the revocation set: the owner waits for ever
 * @broken | FENCE_FIRST | inside==1 | the heavy fence comes before the revocation
 */
#define OWNER 0
#define THREADS 3

mtype = { busy_word, slot_word, revoking_word };
chan buffer[THREADS] = [4] of { mtype, byte };

bool busy = 0;
bool revoking = 0;
byte slot = 0;

byte own_stores = 0;    /* the owner's stores to the slot that are still in its buffer: it reads the last one back */
byte own_slot = 0;
byte inside = 0;
byte taken[3];          /* how often each actor came out of the slot */

inline store(word, value) { buffer[me] ! word, value }

inline drain_one(whose) {
    d_step {
        buffer[whose] ? word, value ->
        if
        :: word == busy_word -> busy = value
        :: word == slot_word -> slot = value; own_stores = own_stores - (whose == OWNER)
        :: word == revoking_word -> revoking = value
        fi;
        word = 0;
        value = 0
    }
}

proctype machine() {
    mtype word;
    byte value;
end_flushed:
    do
    :: drain_one(0)
    :: drain_one(1)
    :: drain_one(2)
    od
}   /* unreached: the machine works for ever */

inline lock_as_owner() {
    do
    ::
#ifdef SYMMETRIC
        atomic { empty(buffer[me]) -> busy = 1 };
#else
        store(busy_word, 1);
#endif
#ifdef NO_SECOND_LOOK
        break
#else
        if
        :: !revoking -> break
        :: else ->
            store(busy_word, 0);
            !revoking
        fi
#endif
    od;
    atomic { inside++; assert(inside == 1) }
}

inline unlock_as_owner() {
    inside--;
    store(busy_word, 0)
}

/* Puts an actor, or takes one with 0; what was there goes to the ring. */
inline replace(actor) {
    lock_as_owner();
    found = (own_stores > 0 -> own_slot : slot);
    atomic { nfull(buffer[me]) -> store(slot_word, actor); own_stores++; own_slot = actor };
    d_step { taken[found]++; found = 0 };
    unlock_as_owner()
}

proctype owner() {
    byte me = OWNER;
    byte found;
    replace(1);
    replace(2);
    replace(0)
}

proctype thief(byte me; bool waits) {
    byte found;
    bool was_revoking;
    byte tries = 2;
    do
    :: tries == 0 -> break
    :: tries > 0 -> tries--;
#ifdef FENCE_FIRST
        empty(buffer[OWNER]);
#endif
#ifdef NO_EXCHANGE
        was_revoking = revoking;
        atomic { empty(buffer[me]) -> revoking = 1 };
#else
        atomic { empty(buffer[me]) -> was_revoking = revoking; revoking = 1 };
#endif
        if
        :: was_revoking -> was_revoking = 0; goto next_try
        :: else
        fi;
#if !defined(NO_HEAVY_FENCE) && !defined(FENCE_FIRST) && !defined(SYMMETRIC)
        empty(buffer[OWNER]);
#endif
        if
#ifdef INSPECTOR
        :: waits -> !busy
        :: !waits && busy ->
#else
        :: busy ->
#endif
#ifndef REVOKE_STUCK
            store(revoking_word, 0);
#endif
            goto next_try
        :: else
        fi;
        d_step { inside++; assert(inside == 1) };
        found = slot;
        if
        :: found != 0 -> store(slot_word, 0); d_step { taken[found]++; found = 0 }
        :: else
        fi;
        inside--;
        store(revoking_word, 0);
next_try:
        skip
    od
}

proctype quiescence() {
    timeout -> assert(taken[1] == 1 && taken[2] == 1 && !busy && !revoking && slot == 0)
}

init {
    atomic {
        run quiescence();
        run machine();
        run owner();
        run thief(1, false);
        run thief(2, true)
    }
}
