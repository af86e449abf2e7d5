/*
 * A member's load, read while it changes. Stands for balancing/member_load.hpp: sent(), withdrawn(), finished(), read().
 *
 * Two senders count a message, push it, and take the count back if it is refused. The member handles what has come, and
 * counts it as finished. A reader loads the two counters one after the other: first what is finished, then what is sent.
 * What it makes of them is compared with what was true at the first of the two loads: the messages that were in the mailbox
 * or in the handler. It must never be less, nor below 0, which would be a load of 2^64; it may be more, by what was sent
 * meanwhile.
 *
 * Each load and each counting is one step, in one order for all. What the memory orders are for is shown by what would be
 * without them: RELAXED lets the reader's loads come in either order, as if the load of `finished_` did not acquire, and
 * LATE_SENT lets a count become visible after the push, as if nothing published it with the message.
 *
 * @good   | - | a load is never read as less than what waits and runs
 * @broken | RELAXED | enough | the loads come in either order: what is finished in between is not seen as sent
 * @broken | LATE_SENT | enough | a message is counted after its push: it is finished before it was sent
 * @broken | FINISHED_EARLY | enough | it is counted as finished when it is taken out, and still runs
 */
byte sent = 0;
byte finished = 0;
byte waiting = 0;       /* what is true: in the mailbox */
byte running = 0;       /* in the handler */
bool enough = 1;

proctype sender(byte messages) {
    bool in;
    do
    :: messages == 0 -> break
    :: messages != 0 -> messages--;
#ifndef LATE_SENT
        sent++;
#endif
        if
        :: d_step { waiting++; in = 1 }
        :: in = 0                       /* refused */
        fi;
#ifdef LATE_SENT
        sent++;
#endif
        d_step { sent = sent - !in; in = 0 }
    od
}

proctype member() {
end_wait:
    do
    :: d_step { waiting != 0 -> waiting--; running = 1 };
#ifdef FINISHED_EARLY
        finished++;
#endif
        running = 0;
#ifndef FINISHED_EARLY
        finished++
#endif
    od
}   /* unreached: a member waits for ever */

proctype reader(byte reads) {
    byte was_finished, was_sent, due;
    do
    :: reads == 0 -> break
    :: reads != 0 -> reads--;
#ifdef RELAXED
        if
        :: d_step { due = waiting + running; was_finished = finished }; was_sent = sent
        :: d_step { due = waiting + running; was_sent = sent }; was_finished = finished
        fi;
#else
        d_step { due = waiting + running; was_finished = finished };
        was_sent = sent;
#endif
        d_step {
            enough = was_sent >= was_finished + due;
            assert(enough);
            was_sent = 0;
            was_finished = 0;
            due = 0
        }
    od
}

init {
    atomic {
        run reader(2);
        run sender(2);
        run sender(2);
        run member()
    }
}
