/*
 * Who hears that an actor has stopped. Stands for actor/departure.hpp, basic_cell::more, on_departure, forget and depart
 * (actor/cell.hpp), and for the end of a run in actor/ending.hpp.
 *
 * The list stands in a part of the cell that the first who needs it makes. The maker's pointer and the finisher's mark on
 * the system lane are sequentially consistent, and so are the looks for them; with BUFFERED_POINTER and BUFFERED_CLOSE
 * they stay in a buffer for a while, as weaker ones may. Two threads listen, the first forgets its listener afterwards,
 * and somebody forgets the second's at any time. What is done under the list's mutex is one step.
 *
 * @good   | - | each listener is called, forgotten, or told that it is too late: exactly one of them, once
 * @good   | MADE | the same where the part was there before
 * @broken | BUFFERED_POINTER | answered | the finisher does not see the maker's pointer, nor the maker the closed lane
 * @broken | BUFFERED_CLOSE | answered | the same from the other side
 * @broken | NO_LOOK | answered | nobody looks at the lane once the listener is added
 * @broken | LOOK_FIRST | answered | the look comes before the listener is added
 * @broken | NO_REMOVE MADE | answers<=1 | the lane is closed, so it is too late: but the listener is still on the list, or
 *           has been called
 * @broken | POINTER_STORED | answered | the pointer to the part is a store: it erases another's, with its listener
 * @broken | LINKED_KEPT MADE | answers<=1 | the finisher takes the list, and its listeners still count as being on it
 */
byte extra = 0;             /* the part that thread 1 or 2 has made; 3 was there before */
byte pointer_buffer = 0;
bool closed = 0;
bool closed_buffer = 0;
bool linked1[4];            /* the first listener is on the list of that part */
bool linked2[4];
bool departed[4];
byte answers1 = 0;
byte answers2 = 0;
byte answers = 0;
bool answered = 1;

inline answer(who) {
    d_step {
        if
        :: who == 1 -> answers1++; answers = answers1
        :: else -> answers2++; answers = answers2
        fi;
        assert(answers <= 1);
        answers = 0
    }
}

#if defined(BUFFERED_POINTER) || defined(BUFFERED_CLOSE)
proctype machine() {
end_flushed:
    do
    :: d_step { pointer_buffer != 0 -> extra = pointer_buffer; pointer_buffer = 0 }
    :: d_step { closed_buffer -> closed = 1; closed_buffer = 0 }
    od
}
#endif

inline remove(who) {
    d_step {
        if
        :: who == 1 -> was = linked1[part]; linked1[part] = 0
        :: else -> was = linked2[part]; linked2[part] = 0
        fi
    }
}

proctype listener(byte me) {
    byte part;
    bool was;
#ifdef LOOK_FIRST
    if
    :: closed -> answer(me); goto gone
    :: else
    fi;
#endif
    part = extra;
    if
    :: part == 0 ->
#if defined(POINTER_STORED)
        extra = me;
        part = me
#elif defined(BUFFERED_POINTER)
        d_step {
            pointer_buffer == 0 ->
            if
            :: extra == 0 -> pointer_buffer = me; part = me
            :: else -> part = extra
            fi
        }
#else
        d_step {
            if
            :: extra == 0 -> extra = me; part = me
            :: else -> part = extra
            fi
        }
#endif
    :: else
    fi;
    d_step {
        if
        :: departed[part] -> was = 1
        :: !departed[part] && me == 1 -> linked1[part] = 1
        :: !departed[part] && me == 2 -> linked2[part] = 1
        fi
    };
    if
    :: was -> answer(me); goto gone
    :: else
    fi;
#if !defined(NO_LOOK) && !defined(LOOK_FIRST)
    if
    :: closed ->
#ifdef NO_REMOVE
        was = 1;
#else
        remove(me);
#endif
        if
        :: was -> answer(me); goto gone
        :: else
        fi
    :: else
    fi;
#endif
    if
    :: me == 1 ->
        remove(me);
        if
        :: was -> answer(me)
        :: else
        fi
    :: else
    fi;
gone:
    atomic { part = 0; was = 0 }
}

proctype forgetter() {
    byte part;
    bool was;
    part = extra;
    if
    :: part == 0 -> goto gone
    :: else
    fi;
    remove(2);
    if
    :: was -> answer(2)
    :: else
    fi;
gone:
    skip
}

proctype finisher() {
    byte part;
    bool taken1, taken2;
#ifdef BUFFERED_CLOSE
    closed_buffer = 1;
#else
    closed = 1;
#endif
    part = extra;
    if
    :: part == 0 -> goto gone
    :: else
    fi;
    d_step {
        departed[part] = 1;
        taken1 = linked1[part];
        taken2 = linked2[part];
#ifndef LINKED_KEPT
        linked1[part] = 0;
        linked2[part] = 0
#endif
    };
    if
    :: taken2 -> answer(2)
    :: else
    fi;
    if
    :: taken1 -> answer(1)
    :: else
    fi;
gone:
    skip
}

proctype quiescence() {
    timeout ->
    d_step {
        answered = answers1 == 1 && answers2 == 1;
        assert(answered)
    }
}

init {
    atomic {
#ifdef MADE
        extra = 3;
#endif
        run quiescence();
#if defined(BUFFERED_POINTER) || defined(BUFFERED_CLOSE)
        run machine();
#endif
        run listener(1);
        run listener(2);
        run forgetter();
        run finisher()
    }
}
