/*
 * The queue of a pool whose members pull: nobody is woken by a push, so its sender looks for an idle member, and a member
 * that goes idle looks at the queue. Stands for pool/shared_list.hpp, pulling_mailbox.hpp, and call_idle() of
 * pool_queue.hpp; how a cell's idle mark and a scheduler agree is cell.pml's, so a wake is one step.
 *
 * Two members, and three messages of two senders. A handler may be one that does not return before everything else is
 * over. `entrance` is what was pushed, `taken` what a member took off with the message that it was after; whoever looks
 * without the lock sees the entrance first and then `more`. With GATE a member may take nothing any more, with REOPEN
 * for a while; a sender with an old table may still wake it.
 *
 * Every access is sequentially consistent, as the push, the marks and the looks are in the code.
 *
 * @good   | - | when nothing moves, no message waits while a member is idle, and none is lost
 * @good   | GATE | the same when a member is shut out
 * @good   | GATE REOPEN | and when it is let in again
 * @broken | LOOK_FIRST | left_waiting | a sender looks for an idle member before it pushes
 * @broken | NO_LAST_LOOK | left_waiting | a member does not look at the queue after it has become idle
 * @broken | NO_MARK_LOOK | left_waiting | who took its mark before it was idle has not woken it, and nobody ever does
 * @broken | ANNOUNCE_LATE | left_waiting | a member marks itself after its last look
 * @broken | WITHDRAW_LATE | left_waiting | a member withdraws its mark after it has taken a message: in between, it is woken
 *           for another one
 * @broken | MORE_LATE | left_waiting | what was taken off is told after it was taken off
 * @broken | GATE NO_PASS | left_waiting | a member that was woken and may take nothing keeps that to itself
 * @broken | GATE REOPEN KEEP_MARK | left_waiting | a mark from before it was shut out is claimed for one message, and the
 *           next one, of the same run, for another
 * @broken | GATE REOPEN NO_WAKE | left_waiting | who lets a member in again does not wake it
 */
#define MEMBERS 2

byte entrance = 0;
byte taken = 0;
bool more = 0;
bool locked = 0;
byte pushed = 0;
byte handled = 0;
byte running_on = 0;             /* handlers that have not returned */

bool mark[MEMBERS];
bool idle[MEMBERS];
bool shut[MEMBERS];
bool left_waiting = 0;

/* Takes a mark, if it finds one, and wakes its member if that is idle. Who has a table from before may find one shut out. */
inline call_idle() {
    if
    :: d_step { mark[0] -> mark[0] = 0; found = 0 }
    :: d_step { mark[1] -> mark[1] = 0; found = 1 }
    :: (!mark[0] || shut[0]) && (!mark[1] || shut[1]) -> found = MEMBERS
    fi;
    if
    :: found < MEMBERS -> d_step { idle[found] = 0; found = MEMBERS }
    :: else
    fi
}

inline look() {
    if
    :: entrance != 0 -> quiet = 0
    :: entrance == 0 -> quiet = !more
    fi
}

inline pop() {
    got = 0;
    look();
    if
    :: quiet
    :: else -> atomic { !locked -> locked = 1 };
#ifndef MORE_LATE
        more = 1;
#endif
        d_step {
            if
            :: taken == 0 -> taken = entrance; entrance = 0
            :: else
            fi;
            if
            :: taken != 0 -> taken--; got = 1
            :: else
            fi
        };
#ifdef MORE_LATE
        more = 1;
#endif
        if
        :: !got && entrance + taken == 0 -> more = 0
        :: else
        fi;
        locked = 0
    fi
}

proctype sender(byte messages) {
    byte found = MEMBERS;
    do
    :: messages == 0 -> break
    :: messages != 0 -> messages--;
#ifdef LOOK_FIRST
        call_idle();
        d_step { entrance++; pushed++ }
#else
        d_step { entrance++; pushed++ };
        call_idle()
#endif
    od;
    found = 0
}

proctype member(byte me) {
    byte found = MEMBERS;
    bool quiet, got, announced;
running:
    announced = 0;
    if
    :: shut[me]
    :: !shut[me] ->
#ifndef WITHDRAW_LATE
        mark[me] = 0;
#endif
        pop();
        if
        :: got ->
#ifdef WITHDRAW_LATE
            mark[me] = 0;
#endif
            d_step { handled++; got = 0 };
            if
            :: d_step { running_on == 0 -> running_on = 1 };
end_inside:     false
            :: true
            fi;
            goto running
        :: !got
        fi
    fi;

    if
    :: shut[me] ->
        mark[me] = 0;
#ifndef NO_PASS
        look();
        if
        :: !quiet -> call_idle()
        :: else
        fi;
#endif
        idle[me] = 1
    :: !shut[me] ->
#ifndef KEEP_MARK
        mark[me] = 0;
#endif
        look();
        if
        :: !quiet -> goto running
        :: quiet
        fi;
#ifdef ANNOUNCE_LATE
        idle[me] = 1;
        look();
        if
        :: quiet -> mark[me] = 1; goto end_waiting
        :: !quiet
        fi
#else
        announced = 1;
        mark[me] = 1;
        idle[me] = 1
#endif
    fi;
#ifndef NO_LAST_LOOK
    if
    :: announced ->
#ifndef NO_MARK_LOOK
        if
        :: !mark[me] -> goto back
        :: mark[me]
        fi;
#endif
        if
        :: shut[me] -> goto end_waiting
        :: !shut[me] -> look()
        fi;
        if
        :: quiet -> goto end_waiting
        :: !quiet
        fi
    :: !announced ->
        if
        :: shut[me] -> goto end_waiting
        :: !shut[me]
        fi
    fi;
#else
    goto end_waiting;
#endif
back:
    idle[me] = 0;
    goto running;
end_waiting:
    !idle[me];
    goto running
}   /* unreached: a member is there for ever */

#ifdef GATE
proctype controller() {
    byte found = MEMBERS;
    bool quiet;
    shut[0] = 1;
    look();
    if
    :: !quiet -> call_idle()
    :: quiet
    fi;
#ifdef REOPEN
    shut[0] = 0;
#ifndef NO_WAKE
    idle[0] = 0;
#endif
    look();
    if
    :: !quiet -> call_idle()
    :: quiet
    fi
#endif
}
#endif

init {
    atomic {
        run member(0);
        run member(1);
        run sender(2);
#ifdef GATE
        d_step { entrance++; pushed++ };    /* by one who has seen nobody idle */
        run controller()
#else
        run sender(1)
#endif
    };
    timeout;
    left_waiting = entrance + taken != 0 && ((idle[0] && !shut[0]) || (idle[1] && !shut[1]));
    assert(!left_waiting);
    assert(handled + entrance + taken == pushed)
}
