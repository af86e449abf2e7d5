/*
 * Drain: after "complete" nothing is left of what was accepted, and nothing more is accepted from outside. Stands for
 * runtime/drain.hpp and the lane records of outside threads.
 *
 * Two cells, two workers. An outside sender sends to the first cell, then to a cell that has stopped, which it drains
 * to a sink that itself sends to the first cell. For each message the first cell sends one to the second. The second
 * cell's first message asks an outside thread, and the cell is held until the answer comes. Another outside thread
 * sends an unprovoked signal to the second cell. A cell's user word is a count and the idle tag, one step each
 * (cell.pml has the rest); a wake-up happens while there is work to be seen (parking.pml has the rest).
 *
 * @good   | - | complete comes, and is true
 * @broken | GATE_FIRST | !\(complete\) | the sender looks at the gate before it says that it is sending
 * @broken | SUMS | finished==accepted | equal sums of sent and handled, read worker by worker
 * @broken | SIGNAL_WITHOUT_LANE | finished==accepted | an outside signaller is in no lane: it has taken a cell's idle
 *           tag and has not scheduled it, a message is pushed meanwhile, and all workers sleep
 * @broken | LANES_FIRST | finished==accepted | the lanes are read before the count of awake workers: the signaller
 *           comes between
 * @broken | INJECTOR_FIRST | finished==accepted | the injector is read before the lanes: the signaller schedules
 *           between
 * @broken | LANE_FLAG | finished==accepted | the lane is a flag and no depth: the sink's own send clears it while the
 *           stopped cell is still being drained
 * @broken | ANSWERED_EARLY | finished==accepted | the answering thread takes its ask off the count before it has
 *           scheduled the asker
 * @broken | LOOK_TAKES | finished==accepted | the second look takes the work while its worker counts as asleep
 * @broken | LOCAL_SPAWN_SLEEPS | finished==accepted | a worker counts as asleep while its own ring is not empty
 */
#define SENDER 0
#define SIGNALLER 1
#define ANSWERER 2

byte count[2];          /* user messages of each cell */
bool idle[2] = true;
byte signals = 0;       /* the second cell's system word */
bool held = 0;          /* and its tag */

byte injector = 0;      /* sets of cells, as bits */
byte ring[2];
byte awake = 0;
bool lock = 0;          /* of the sleepers */

bool gate_closed = 0;
byte lane[3];
byte outstanding = 0;   /* asks without an answer handled, held cells among them */

bool asked = 0;
bool suspended = 0;
byte accepted = 0;
byte finished = 0;      /* handled or dead-lettered */
bool complete = 0;
#ifdef SUMS
byte sent_by[2];
byte finished_by[2];
#endif

inline enter_lane(which) {
#ifdef LANE_FLAG
    lane[which] = 1
#else
    lane[which]++
#endif
}

inline leave_lane(which) {
#ifdef LANE_FLAG
    lane[which] = 0
#else
    lane[which]--
#endif
}

/* One outside send to the first cell. */
inline send_outside() {
#ifdef GATE_FIRST
    refused = gate_closed;
    enter_lane(SENDER);
#else
    enter_lane(SENDER);
    refused = gate_closed;
#endif
    if
    :: !refused ->
        d_step { assert(!complete); was_idle = idle[0]; idle[0] = 0; count[0]++; accepted++ };
        if
        :: was_idle -> injector = injector | 1
        :: else
        fi
    :: else
    fi;
    leave_lane(SENDER)
}

proctype sender() {
    bool was_idle, refused;
    send_outside();
    enter_lane(SENDER);
    if
    :: !gate_closed ->
        atomic { assert(!complete); accepted++ };
        send_outside();     /* by the sink, under the drain of the stopped cell */
        atomic { assert(!complete); finished++ }
    :: else
    fi;
    leave_lane(SENDER)
}

/* Signals pass the gate: a stop may come at any time, and a drain needs the answers. */
inline signal_second() {
    d_step { was_held = held; held = 0; signals = signals | what };
    if
    :: was_held -> injector = injector | 2
    :: else ->
        d_step { was_idle = idle[1]; idle[1] = 0 };
        if
        :: was_idle -> injector = injector | 2
        :: else
        fi
    fi
}

proctype signaller(byte me) {
    bool was_held, was_idle;
    byte what = me;
end_not_asked:
    me == SIGNALLER || asked;
#ifdef ANSWERED_EARLY
    if
    :: me == ANSWERER -> outstanding--
    :: else
    fi;
#endif
#ifndef SIGNAL_WITHOUT_LANE
    enter_lane(me);
#endif
    signal_second();
#ifndef SIGNAL_WITHOUT_LANE
    leave_lane(me)
#endif
}

proctype worker(byte me) {
    byte cell, taken;
    bool was_idle;
    goto asleep;
next_turn:
    if
    :: atomic { ring[me] != 0 -> cell = 1 - (ring[me] & 1); ring[me] = ring[me] - (cell + 1) }
    :: atomic { ring[me] == 0 && injector != 0 -> cell = 1 - (injector & 1); injector = injector - (cell + 1) }
    :: atomic { ring[me] == 0 && ring[1 - me] != 0 ->
            cell = 1 - (ring[1 - me] & 1); ring[1 - me] = ring[1 - me] - (cell + 1) }
    :: ring[me] == 0 -> goto sleep
    fi;

running:
    if
    :: atomic { cell == 1 && signals != 0 -> taken = signals; signals = 0 }
        atomic {
            if
            :: taken & ANSWERER ->
                suspended = 0;
#ifndef ANSWERED_EARLY
                outstanding--
#endif
            :: else
            fi;
            taken = 0;
            goto running
        }
    :: else
    fi;
    if
    :: cell == 1 && suspended ->
        atomic {
            if
            :: signals == 0 -> held = 1; cell = 0; goto next_turn
            :: else -> goto running
            fi
        }
    :: else
    fi;
    if
    :: atomic { count[cell] > 0 -> count[cell]-- }
        if
        :: cell == 0 ->
            d_step {
                was_idle = idle[1];
                idle[1] = 0;
                count[1]++;
                accepted++;
#ifdef SUMS
                sent_by[me]++
#endif
            };
            if
            :: was_idle -> was_idle = 0; ring[me] = ring[me] | 2
            :: else
            fi
        :: cell == 1 && !asked -> atomic { outstanding++; asked = 1; suspended = 1 }
        :: else
        fi;
        atomic {
            finished++;
#ifdef SUMS
            finished_by[me]++;
#endif
            goto running
        }
    :: atomic { count[cell] == 0 -> idle[cell] = 1 }
    fi;
    if
    :: cell == 1 && signals != 0 ->
        d_step { was_idle = idle[1]; idle[1] = 0 };
        if
        :: was_idle -> was_idle = 0; goto running
        :: else
        fi
    :: else
    fi;
    cell = 0;
#ifdef LOCAL_SPAWN_SLEEPS
    goto sleep;
#endif
    goto next_turn;

sleep:
    atomic { !lock -> lock = 1 };
    awake--;
    lock = 0;
#ifdef LOOK_TAKES
    if
    :: atomic { injector != 0 -> cell = 1 - (injector & 1); injector = injector - (cell + 1) }
        atomic { !lock -> awake++; goto running }
    :: else
    fi;
#endif
    if
    :: injector != 0
    :: else ->
        if
        :: ring[1 - me] != 0
        :: else -> goto asleep
        fi
    fi;
    atomic { !lock -> lock = 1 };
    awake++;
    lock = 0;
    goto next_turn;

asleep:
end_asleep:
    atomic { !lock && (injector != 0 || ring[0] != 0 || ring[1] != 0) -> awake++; goto next_turn }
}   /* unreached: a worker waits for ever */

/* A signaller that schedules nobody wakes nobody either: the drainer itself waits for the lane. */
inline look_at_lanes() {
    v = 0;
    do
    :: v < 3 && lane[v] == 0 -> v++
    :: v < 3 && lane[v] != 0 ->
#ifndef LANES_FIRST
        lock = 0;
#endif
        lane[v] == 0;
        v = 0;
        goto again
    :: v == 3 -> v = 0; break
    od
}

inline look_at_queue() {
    if
    :: injector != 0 -> lock = 0; goto again
    :: else
    fi
}

proctype drainer() {
    byte v;
#ifdef SUMS
    byte sent, done;
#endif
    gate_closed = 1;
    lane[SENDER] == 0;
#ifdef SUMS
    do
    :: sent = accepted - sent_by[0] - sent_by[1];
        done = finished - finished_by[0] - finished_by[1];
        d_step { sent = sent + sent_by[0]; done = done + finished_by[0] };
        d_step { sent = sent + sent_by[1]; done = done + finished_by[1] };
        if
        :: sent == done -> goto is_complete
        :: else -> sent = 0; done = 0; finished == accepted
        fi
    od;
#else
again:
#ifdef LANES_FIRST
    look_at_lanes();
#endif
    awake == 0 && outstanding == 0 && injector == 0;    /* waits; what follows decides */
    atomic { !lock -> lock = 1 };
    if
    :: awake != 0 -> lock = 0; goto again
    :: else
    fi;
#ifdef INJECTOR_FIRST
    look_at_queue();
#endif
#ifndef LANES_FIRST
    look_at_lanes();
#endif
#ifndef INJECTOR_FIRST
    look_at_queue();
#endif
    if
    :: outstanding != 0 -> lock = 0; goto again
    :: else
    fi;
#endif
is_complete:
    atomic {
        complete = 1;
        assert(finished == accepted);
        lock = 0
    }
}

proctype quiescence() {
    timeout -> assert(complete && finished == accepted && awake == 0 && outstanding == 0)
}

init {
    atomic {
        run quiescence();
        run sender();
        run signaller(SIGNALLER);
        run signaller(ANSWERER);
        run worker(0);
        run worker(1);
        run drainer()
    }
}
