/*
 * The bounded mailbox whose senders take the oldest message out when there is no room. Stands for mailbox/evicting.hpp,
 * boxed_mailbox::evict and give_back (actor/boxed_mailbox.hpp), and the order of things in actor/send.hpp.
 *
 * CAPACITY places, all taken by messages at first. Three senders, the third of BATCH messages. What is evicted leaves its
 * place to the sender, and is buried once that has pushed; the sink sends to the same actor with SINK. A message's
 * constructor runs between reserving and pushing; those of the first two senders send to the same actor with NESTED. A sender that
 * has looked LOOKS times and found nothing to evict gives up and gives back what it has. Messages are numbered in the
 * order in which they were pushed; the mailbox is a row of numbers. One who takes does so under the mutex in one step.
 *
 * @good   | - | never more than CAPACITY; each message is handled or evicted once, the oldest first
 * @good   | BATCH=2 | the same with two places for one sender
 * @good   | SINK | the sink sends to the same actor
 * @good   | NESTED BATCH=2 | a message's constructor sends to the same actor
 * @good   | PILL | the end mark is evicted by nobody and keeps its turn
 * @broken | NO_MUTEX | gone_once | the consumer and a sender take the same message
 * @broken | EVICTED_RELEASES | inside<=2 | the place of an evicted message is released and used as well
 * @broken | NO_GATHERING ENDLESS BATCH=2 BATCHES | senders==0 | two batches hold one place each and wait for the other's
 * @broken | ENDLESS SINK BURY_FIRST | senders==0 | the sink is called by a sender that holds its place
 * @broken | ENDLESS NESTED | senders==0 | a constructor's send waits for the place that its own thread holds
 * @broken | KEEPS_PLACES NESTED BATCH=2 | places_agree | what was reserved is not given back when there is not enough
 * @broken | PILL_EVICTED PILL | pill_in_turn | the end mark is evicted: what comes after it is handled
 * @broken | PILL_LAST PILL | pill_in_turn | the end mark that was met is put behind what waits
 */
#ifndef BATCH
#define BATCH 1
#endif
#ifdef BATCHES
#define FIRST_BATCH BATCH
#else
#define FIRST_BATCH 1
#endif
#define CAPACITY 2
#define MESSAGES 12
#define MARK 100

chan mailbox = [MESSAGES] of { byte };
byte reserved = CAPACITY;
byte released = 0;
byte inside = CAPACITY;     /* places taken, for real: until the message has left */
bool gathering = 0;

byte pushed = 0;
byte gone = 0;              /* the messages that were handled or evicted */
bool has_gone[MESSAGES];
byte gone_before = 0;       /* those that were pushed before the mark */
byte senders = 3;
byte mark_after = 0;        /* the mark was pushed behind that many messages */
bool pill_sent = 0;
bool pill_done = 0;
bool pill_in_turn = 1;
bool gone_once = 1;
bool places_agree = 1;

#define room (reserved < released + CAPACITY)
#ifdef PILL_EVICTED
#define evictable (len(mailbox) > 0)
#else
#define evictable (len(mailbox) > 1 || mailbox ? [MARK] == 0 && len(mailbox) == 1)
#endif

inline leaves(message) {
    gone_once = !has_gone[message];
    assert(gone_once);
    has_gone[message] = 1;
    gone++;
    gone_before = gone_before + (!pill_sent || message < mark_after -> 1 : 0)
}

/* One step: under the mutex. */
inline evict() {
    d_step {
        assert(evictable);
        mailbox ? oldest;
        if
        :: oldest == MARK ->
#ifndef PILL_EVICTED
            mailbox ? oldest;
#ifdef PILL_LAST
            mailbox ! MARK;
#else
            rest = len(mailbox);
            mailbox ! MARK;
            do
            :: rest > 0 -> rest--; mailbox ? moved; mailbox ! moved
            :: else -> break
            od;
            moved = 0;
#endif
            leaves(oldest)
#endif
        :: else -> leaves(oldest)
        fi;
        oldest = 0
    }
}

/* got: `count` places. evicted: how many messages were taken out for them. */
inline admit(count, evicted) {
    d_step {
        got = reserved + count <= released + CAPACITY;
        reserved = reserved + (got -> count : 0);
        inside = inside + (got -> count : 0);
        assert(inside <= 2)
    };
    if
    :: got
    :: else ->
#ifndef NO_GATHERING
        atomic { !gathering -> gathering = 1 };
#endif
        do
        :: places == count -> got = 1; break
        :: else ->
            if
            :: atomic { room -> reserved++; inside++; assert(inside <= 2); places++ }
            :: !room ->
                /* There may be room by now. */
                if
                :: atomic { evictable -> evict() }; places++; evicted++;
#ifdef EVICTED_RELEASES
                    d_step { released++; inside-- };
                    d_step { reserved++; inside++; assert(inside <= 2) }
#endif
                :: atomic { room && !evictable }
#ifndef ENDLESS
                :: atomic { !evictable ->
#ifndef KEEPS_PLACES
                        reserved = reserved - places;
#endif
                        inside = inside - places;
                        places = 0
                    };
                    break
#endif
                fi
            fi
        od;
#ifndef NO_GATHERING
        gathering = 0;
#endif
        places = 0
    fi
}

inline push(count) {
    d_step {
        rest = count;
        do
        :: rest > 0 -> rest--; mailbox ! pushed; pushed++
        :: else -> break
        od
    }
}

inline send_one() {
    admit(1, unheard);
    if
    :: got -> push(1)
    :: else
    fi;
    unheard = 0
}

inline bury() {
    do
    :: evicted > 0 -> evicted--;
#ifdef SINK
        send_one()
#endif
    :: else -> break
    od
}

proctype sender(byte count; bool nests) {
    byte oldest, rest, moved, places, evicted, unheard;
    bool got;
    admit(count, evicted);
    assert(evicted <= count);
    if
    :: got ->
#ifdef BURY_FIRST
        bury();
#endif
#ifdef NESTED
        if
        :: nests -> send_one()
        :: else
        fi;
#endif
        push(count)
    :: else
    fi;
    bury();
    atomic { got = 0; senders-- }
}

proctype consumer() {
    byte next;
    bool taken;
end_wait:
    do
#ifdef NO_MUTEX
    :: mailbox ? <next> ->
        atomic {
            if
            :: len(mailbox) > 0 -> mailbox ? _
            :: else
            fi
        };
        d_step { leaves(next); inside--; next = 0 };
        released++
#else
    :: atomic { len(mailbox) > 0 -> mailbox ? next };
        /* What the consumer alone knows; nobody else touches what it has. */
        d_step {
            taken = next != MARK;
            if
            :: !taken -> pill_done = 1; pill_in_turn = gone_before == mark_after
            :: taken && pill_sent && !pill_done -> pill_in_turn = next < mark_after
            :: else
            fi;
            assert(pill_in_turn);
            if
            :: taken -> leaves(next); inside--
            :: else
            fi;
            next = 0
        };
        if
        :: taken -> taken = 0; released++
        :: else
        fi
#endif
    od
}   /* unreached: the consumer waits for ever */

#ifdef PILL
proctype ender() {
    d_step { mark_after = pushed; pill_sent = 1; mailbox ! MARK }
}
#endif

proctype quiescence() {
    timeout ->
    d_step {
        assert(senders == 0);
        assert(gone == pushed && len(mailbox) == 0 && inside == 0);
        places_agree = reserved == released;
        assert(places_agree);
#ifdef PILL
        assert(pill_done)
#endif
    }
}

init {
    atomic {
        mailbox ! 0;
        mailbox ! 1;
        pushed = 2;
        run quiescence();
        run consumer();
        run sender(FIRST_BATCH, FIRST_BATCH == 1);
        run sender(1, true);
        run sender(BATCH, false);
#ifdef PILL
        run ender();
#endif
    }
}
