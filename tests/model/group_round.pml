/*
 * A round of restarts in a group: a child fails, its parent halts the others, the youngest first and one after the other, and
 * lets all go on when all have halted. Stands for group_round::extend and advance in actor/group.hpp and group_round.hpp, for
 * group_seat::on_halt, on_go, on_halted and on_going, and for begin_restart, halt and go_on_restarting in
 * actor/restarting.hpp.
 *
 * Three children that fail by themselves at any time, FAILS times in all, and one of which may stop for good. The notes of a
 * seat are single: `sent` says that one is on its way, and to send it again then is an error. Lanes keep the order of their
 * senders. `cause` is written before a note and read when it has come: 0 is nobody's, 1 the child's own, 2 the parent's.
 * Left out: the delay before a restart, children of children, and the parent's own stop and restart, which end the round and
 * stop the children instead.
 *
 * @good   | - | one_for_all: all halt, all go on
 * @good   | REST | rest_for_one: those that are younger than the one that failed
 * @good   | PLAIN | one of the three cannot be built anew, and is stopped instead
 * @good   | STOPS | a child stops for good at any time
 * @good   | FAILS=3 | the same with a third failure
 * @broken | SHARED_CAUSE | cause\[ | parent and child write one cause: the one that failed hears its sibling's, or the reverse
 * @broken | NO_REPORTED | sent_halted\[|place_is_true | a child that is woken while it is halted says so again
 * @broken | FORGETS_GOING | sent_halt\[|place_is_true | the parent asks a child again that has not yet said that it goes on
 * @broken | DEAF_TO_STOPS STOPS | invalid end state | who stops amid a round is waited for
 * @broken | DEAF_TO_GOING | invalid end state | who fails again as it goes on is not asked for, and waits for ever
 * @broken | NO_WAIT | all_halted | the parent does not wait for the one it has asked
 */
#ifndef FAILS
#define FAILS 2
#endif

#define N 3

mtype = { halt, go, halted, going, stopped, end };
mtype:place = { none, asked, waits, released };

chan up = [12] of { mtype, byte };
chan down[N] = [4] of { mtype };

byte failures = FAILS;
bool may_stop = 1;
bool alive[N] = 1;

/* the notes of each seat */
bool sent_halt[N];
bool sent_go[N];
bool sent_halted[N];
bool sent_going[N];

mtype:place stands[N] = none;
bool in_round[N];
bool failed_itself[N];
byte cause[N];          /* with `halted` */
byte halt_cause[N];     /* with `halt` */

#ifdef PLAIN
#define buildable(i) (i != 1)
#else
#define buildable(i) (1)
#endif

inline report(i) {
    if
    :: reported ->
    :: else ->
#ifndef NO_REPORTED
        reported = 1;           /* unreached: by who is halted, and has said so */
#endif
        assert(!sent_halted[i]);        /* unreached: the same */
        sent_halted[i] = 1;     /* unreached: the same */
        up!halted, i            /* unreached: the same */
    fi
}

proctype child(byte i) {
    bool reported = 0;
    mtype note;

running:
end_running:
    do
    :: atomic {
        failures > 0 && buildable(i) ->
        failures--;
        in_round[i] = 1;
        failed_itself[i] = 1;
        cause[i] = 1
       };
       report(i);
       goto resting
    :: atomic { failures > 0 && !buildable(i) -> failures--; goto gone }
#ifdef STOPS
    :: atomic { may_stop -> may_stop = 0; goto gone }
#endif
    :: atomic {
        down[i]?note ->
        if
        :: note == halt ->
            sent_halt[i] = 0;
            in_round[i] = 1;
#ifdef SHARED_CAUSE
            assert(cause[i] == 2)
#else
            assert(halt_cause[i] == 2)
#endif
        :: note == end -> goto gone
        :: else -> assert(false)   /* unreached: nobody lets go who has not halted */
        fi
       };
       report(i);
       goto resting
    od;

resting:
    do
    :: atomic {
        down[i]?note ->
        if
        :: note == halt -> sent_halt[i] = 0
        :: note == go ->
            sent_go[i] = 0;
            in_round[i] = 0;
            reported = 0;
            failed_itself[i] = 0;
            assert(!sent_going[i]);
            sent_going[i] = 1;
            up!going, i;
            goto running
        :: else -> assert(false)   /* unreached: who can be built anew is not stopped */
        fi
       };
       report(i)
#ifdef STOPS
    :: atomic { may_stop -> may_stop = 0; goto gone }
#endif
    od;

gone:
    atomic { alive[i] = 0; up!stopped, i };
end_gone:
    do
    :: down[i]?_
    od
}   /* unreached: its cell stays */

/* `i` stays 0 between its uses, for fewer states. */
inline extend(who) {
    d_step {
#ifdef REST
        first = (under_way && first < who -> first : who);
#else
        first = 0;
#endif
        under_way = 1
    }
}

inline advance() {
    i = N;
    do
    :: !under_way || i == first ->
        break
    :: else ->
        i--;
        if
        :: !listed[i] -> skip
        :: listed[i] && !buildable(i) ->
            atomic { down[i]!end; i = N + 1 };
            break
        :: else ->
            if
            :: stands[i] == none ->
                stands[i] = asked;
#ifdef SHARED_CAUSE
                cause[i] = 2;
#else
                halt_cause[i] = 2;
#endif
                assert(!sent_halt[i]);
                atomic { sent_halt[i] = 1; down[i]!halt }
            :: else
            fi;
#ifndef NO_WAIT
            if
            :: stands[i] != waits -> i = N + 1; break
            :: else
            fi
#endif
        fi
    od;
    if
    :: under_way && i != N + 1 ->
        under_way = 0;
        do
        :: i == N -> break
        :: else ->
            if
            :: listed[i] ->
                all_halted = all_halted && (in_round[i] || !alive[i]);
                assert(all_halted);
#ifdef FORGETS_GOING
                stands[i] = none;
#else
                stands[i] = released;
#endif
                assert(!sent_go[i]);
                atomic { sent_go[i] = 1; down[i]!go }
            :: else
            fi;
            i++
        od
    :: else
    fi;
    i = 0
}

bool all_halted = 1;
bool place_is_true = 1;

proctype parent() {
    bool under_way = 0;
    bool listed[N] = 1;
    byte first = 0;
    byte i = 0;
    byte who = 0;
    mtype note;

end_parent:
    do
    :: atomic { up?note, who ->
        if
        :: note == halted ->
            sent_halted[who] = 0;
            place_is_true = place_is_true && stands[who] != released;
            assert(place_is_true);
            stands[who] = waits;
            if
            :: failed_itself[who] -> assert(cause[who] == 1); extend(who)
            :: else
            fi
        :: note == going ->
            sent_going[who] = 0;
            place_is_true = place_is_true && stands[who] == released;
            assert(place_is_true);
            stands[who] = none
        :: note == stopped -> listed[who] = 0
        fi
       };
       if
#ifdef DEAF_TO_STOPS
       :: note == stopped
#endif
#ifdef DEAF_TO_GOING
       :: note == going
#endif
       :: else -> advance()
       fi;
       atomic { who = 0; note = 0 }
    od
}   /* unreached: it works for ever */

init {
    atomic {
        run child(0);
        run child(1);
        run child(2);
        run parent()
    }
}
