/*
 * Several threads bind one new key at the same time, each to another seat. Stands for balancing/key_line.hpp: bind(),
 * place_for() and settle(). A line of three places. The first is another key's, which is forgotten at some moment, so
 * that who looked before takes the second place, and who looks later the first.
 *
 * A word of the key is a seat, tentative or settled. Three threads; each exchange is one step, and so is each load.
 *
 * @good   | - | the key is settled in one place at most, and all threads hear of the same seat
 * @good   | FORGETS | the same while the settled key itself may be forgotten, but for what those hear who come later
 * @broken | AT_ONCE | in_one_place | the word is settled when it is put: nobody looks at the other places after that.
 *           (What weaker memory orders would allow: looks that come before the word is seen.)
 * @broken | KEEPS_LATER | in_one_place | a tentative word in a later place is left there
 * @broken | IGNORES_EARLIER | in_one_place | a tentative word in an earlier place is passed over
 * @broken | SETTLE_STORE | in_one_place | the word is settled without asking whether it is still there
 */
#define PLACES 3
#define OTHER 15
#define SETTLED 4
#define of_key(w) ((w) != 0 && (w) != OTHER)
#define is_settled(w) ((w) >= SETTLED && (w) != OTHER)
#define seat_in(w) ((w) & 3)

byte word[PLACES];
byte answer = 0;        /* what the first has heard */
byte bound = 0;         /* in how many places the key is settled */
bool in_one_place = 1;
bool agreed = 1;

inline hear(seat) {
    atomic {
#ifndef FORGETS
        if
        :: answer == 0 -> answer = seat
        :: else -> agreed = answer == seat; assert(agreed)
        fi;
#endif
        skip
    }
}

inline count_settled() {
    bound = is_settled(word[0]) + is_settled(word[1]) + is_settled(word[2]);
    in_one_place = bound <= 1;
    assert(in_one_place);
    bound = 0
}

proctype binder(byte seat) {
    byte p, mine, at, other;
    bool done;
again:
    atomic { p = 0; at = PLACES; mine = 0; other = 0 };
    do
    :: p < PLACES ->
        d_step {
            other = word[p];
            if
            :: of_key(other) -> at = p; mine = other
            :: other == 0 && at == PLACES -> at = p
            :: else
            fi
        };
        if
        :: mine != 0 -> break
        :: else -> p++
        fi
    :: p == PLACES -> break
    od;
    assert(at < PLACES);
    if
    :: mine == 0 ->
        atomic {
            if
            :: word[at] == 0 ->
#ifdef AT_ONCE
                mine = seat + SETTLED;
                word[at] = mine;
                count_settled()
#else
                mine = seat;
                word[at] = mine
#endif
            :: else
            fi
        };
        if
        :: mine == 0 -> goto again
        :: else
        fi
    :: else
    fi;
    if
    :: is_settled(mine) -> hear(seat_in(mine)); goto over
    :: else
    fi;
    p = 0;
    do
    :: p == PLACES -> break
    :: p == at -> p++
    :: p < PLACES && p != at ->
        other = word[p];
        if
        :: !of_key(other) -> p++
        :: is_settled(other) ->
            d_step {
                if
                :: word[at] == mine -> word[at] = 0
                :: else
                fi
            };
            hear(seat_in(other));
            goto over
        :: of_key(other) && !is_settled(other) && p > at ->
#ifdef KEEPS_LATER
            p++
#else
            d_step {
                if
                :: word[p] == other -> word[p] = 0; p++
                :: else
                fi
            }
#endif
        :: of_key(other) && !is_settled(other) && p < at ->
#ifdef IGNORES_EARLIER
            p++
#else
            d_step {
                if
                :: word[at] == mine -> word[at] = 0
                :: else
                fi
            };
            d_step { at = p; mine = other; p = 0 }
#endif
        fi
    od;
    atomic {
        done = word[at] == mine;
#ifdef SETTLE_STORE
        done = 1;
#endif
        if
        :: done -> word[at] = mine + SETTLED; count_settled()
        :: else
        fi
    };
    if
    :: done -> hear(seat_in(mine))
    :: else -> goto again
    fi;
over:
    atomic { p = 0; at = 0; mine = 0; other = 0; done = 0 }
}

proctype forgetter() {
    word[0] = 0;        /* the other key's */
#ifdef FORGETS
end_kept:
    if
    :: d_step { is_settled(word[0]) -> word[0] = 0 }
    :: d_step { is_settled(word[1]) -> word[1] = 0 }
    fi
#endif
}

init {
    atomic {
        word[0] = OTHER;
        run forgetter();
        run binder(1);
        run binder(2);
        run binder(3)
    }
}
