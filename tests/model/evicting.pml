/*
 * The bounded mailbox whose senders take the oldest message out when there is no room. Stands for mailbox/evicting.hpp and
 * boxed_mailbox::evict (actor/boxed_mailbox.hpp).
 *
 * Two places. Three senders of one message each, the third of BATCH; two messages wait already. The consumer takes a
 * message under the mutex and releases its place afterwards. An evicted message leaves its place to the sender; a sender
 * that does not get all its places within LOOKS empty looks gives back what it has. A dead-letter sink may send to the same
 * actor (SINK), a message's constructor may too (NESTED, in the second sender). Messages are numbered in the order in which
 * they were pushed.
 *
 * @good   | - | never more than CAPACITY wait or have a place; sent = handled + evicted; the oldest goes first
 * @good   | BATCH=2 | the same with two places for one sender
 * @good   | SINK | the sink of an evicted message sends to the same actor
 * @good   | NESTED BATCH=2 | a message's constructor sends to the same actor
 * @good   | PILL | the end mark is evicted by nobody, and what came before it is not lost
 * @broken | NO_MUTEX | once | the consumer and an evicting sender take the same message
 * @broken | EVICT_RELEASES | inside<=2 | the place of an evicted message is released and used as well
 * @broken | NO_GATHERING BATCH=2 ENDLESS | gone | two batches hold a place each and wait for the other's
 * @broken | ENDLESS SINK BURY_FIRST | gone | the sink is called by a sender that has a place and has not pushed
 * @broken | ENDLESS NESTED BATCH=2 | gone | a constructor's send waits for the place that its own thread holds
 * @broken | KEEPS_PLACES NESTED BATCH=2 | all_free | what was reserved is not given back when there is not enough
 * @broken | PILL_EVICTED PILL | pill_done | the end mark is evicted
 */
