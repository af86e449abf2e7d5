/*
 * Snapshots: what a reader has found is not freed while it reads, and is freed in the end. Stands for
 * scheduling/snapshot.hpp, scheduling/retired.hpp and lane_list::oldest_reader().
 *
 * Two readers, one of which reads inside a nested scope too, and a writer that replaces the version twice. A reader's
 * stores to its own word wait in a store buffer, in order, and come out whenever they like, or at the writer's heavy
 * fence. The writer reads one reader's word after the other's.
 *
 * @good   | - | no version is touched after it was freed, and all but the last are freed
 * @broken | NO_FENCE | violated !\(freed | the writer runs no heavy fence: the reader's word is still in its buffer
 * @broken | READ_FIRST | violated !\(freed | the reader looks for the version before it says that it reads
 * @broken | EPOCH_FIRST | violated !\(freed | the epoch ends before the version is replaced: who comes between counts as late
 * @broken | SAME_EPOCH | violated !\(freed | a version is freed although a reader came in the very epoch in which it was retired
 * @broken | INNER_ENTERS | violated !\(freed | a nested scope takes the epoch of its own
 * @broken | INNER_LEAVES | violated !\(freed | the end of a nested scope is the end of all
 * @broken | NO_LAST_LOOK | freed\[0\] | nobody looks at the readers again at the end
 */
#define READERS 2
#define VERSIONS 3
#define NOBODY 100

byte current = 0;
bool freed[VERSIONS];
byte epoch = 1;
byte reading[READERS];
chan buffer[READERS] = [2] of { byte };     /* stores on their way to reading[] */

byte waiting[VERSIONS];                     /* the epoch in which each was retired; 0: it was not, or is freed */
byte readers_left = READERS;

/* One store of either buffer becomes visible. */
proctype drip() {
    byte value;
end:
    do
    :: d_step { buffer[0] ? value -> reading[0] = value; value = 0 }
    :: d_step { buffer[1] ? value -> reading[1] = value; value = 0 }
    od
}   /* unreached: it never ends */

inline enter(me) {
    e = epoch;
    buffer[me] ! e;
    e = 0
}

inline touch(version) { assert(!freed[version]) }

proctype reader(byte me) {
    byte e, found, inner, round;
    do
    :: round < 2 ->
        round++;
#ifdef READ_FIRST
        found = current;
        enter(me);
#else
        enter(me);
        found = current;
#endif
        touch(found);
        if
        :: me == 0 ->       /* a nested scope */
#ifdef INNER_ENTERS
            enter(me);
#endif
            inner = current;
            touch(inner);
#ifdef INNER_LEAVES
            buffer[me] ! 0;
#endif
            touch(found)
        :: else
        fi;
        touch(found);
        d_step { found = 0; inner = 0 };
        buffer[me] ! 0
    :: else -> break
    od;
    readers_left--
}

inline heavy_fence() {
#ifndef NO_FENCE
    d_step {
        do
        :: buffer[0] ? [value] -> buffer[0] ? value; reading[0] = value
        :: else -> break
        od;
        do
        :: buffer[1] ? [value] -> buffer[1] ? value; reading[1] = value
        :: else -> break
        od;
        value = 0
    }
#else
    skip
#endif
}

inline look() {
    heavy_fence();
    oldest = NOBODY;
    if
    :: atomic { reading[0] != 0 && reading[0] < oldest -> oldest = reading[0] }
    :: else
    fi;
    if
    :: atomic { reading[1] != 0 && reading[1] < oldest -> oldest = reading[1] }
    :: else
    fi;
    d_step {
        v = 0;
        do
        :: v < VERSIONS ->
            if
#ifdef SAME_EPOCH
            :: waiting[v] != 0 && waiting[v] <= oldest -> waiting[v] = 0; freed[v] = 1
#else
            :: waiting[v] != 0 && waiting[v] < oldest -> waiting[v] = 0; freed[v] = 1
#endif
            :: else
            fi;
            v++
        :: else -> break
        od;
        v = 0;
        oldest = 0
    }
}

proctype writer() {
    byte v, oldest, value, old;
    do
    :: current < VERSIONS - 1 ->
#ifdef EPOCH_FIRST
        d_step { waiting[current] = epoch; epoch++ };
        current++;
#else
        old = current;
        current++;
        d_step { waiting[old] = epoch; epoch++ };
#endif
        look()
    :: else -> break
    od;
    readers_left == 0;
#ifndef NO_LAST_LOOK
    look();
#endif
#ifndef NO_FENCE
    assert(freed[0] && freed[1] && !freed[2])
#endif
}

init {
    atomic {
        run drip();
        run writer();
        run reader(0);
        run reader(1)
    }
}
