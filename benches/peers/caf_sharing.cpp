// Copyright (c) the drover authors. SPDX-License-Identifier: MIT
#include <caf/all.hpp>
#include <cstddef>
#include <cstdint>
#include <future>
#include <unordered_map>
#include <utility>
#include <vector>

#include "../savina/random_numbers.hpp"
#include "../savina/shape/big.hpp"
#include "../savina/shape/chameneos.hpp"
#include "../savina/shape/concurrent_dictionary.hpp"
#include "../savina/shape/concurrent_sorted_list.hpp"
#include "../savina/shapes.hpp"
#include "../support/finish.hpp"
#include "../support/outcome.hpp"
#include "caf_rows.hpp"
#include "caf_system.hpp"

// Many actors around one, or around each other.

namespace benches::caf_rows {
namespace {

using meet_atom = caf::atom_constant<caf::atom("meet")>;
using change_atom = caf::atom_constant<caf::atom("change")>;
using fade_atom = caf::atom_constant<caf::atom("fade")>;
using faded_atom = caf::atom_constant<caf::atom("faded")>;
using ping_atom = caf::atom_constant<caf::atom("ping")>;
using pong_atom = caf::atom_constant<caf::atom("pong")>;
using write_atom = caf::atom_constant<caf::atom("write")>;
using read_atom = caf::atom_constant<caf::atom("read")>;
using result_atom = caf::atom_constant<caf::atom("result")>;
using size_atom = caf::atom_constant<caf::atom("size")>;
using add_atom = caf::atom_constant<caf::atom("add")>;
using contains_atom = caf::atom_constant<caf::atom("contains")>;

class mall : public caf::event_based_actor {
public:
    mall(caf::actor_config& config, std::promise<std::uint64_t>* finished, std::uint64_t meetings)
        : caf::event_based_actor(config), finished_(finished), meetings_left_(meetings) {}

    caf::behavior make_behavior() override {
        return {[this](meet_atom, caf::actor const& who, std::uint64_t colour) {
                    if (meetings_left_ == 0) {
                        send(who, fade_atom::value);
                    } else if (!waiting_) {
                        waiting_ = who;
                    } else {
                        meetings_left_ -= 1;
                        send(waiting_, meet_atom::value, who, colour);
                        waiting_ = nullptr;
                    }
                },
                [this](faded_atom, std::uint64_t met, std::uint64_t colour) {
                    met_ += met;
                    colours_ += colour;
                    if (++faded_ == shape::creatures) finished_->set_value(shape::chameneos_answer(met_, colours_));
                }};
    }
    void on_exit() override { waiting_ = nullptr; }

private:
    std::promise<std::uint64_t>* finished_;
    std::uint64_t meetings_left_;
    caf::actor waiting_;
    std::uint64_t faded_ = 0;
    std::uint64_t met_ = 0;
    std::uint64_t colours_ = 0;
};

class creature : public caf::event_based_actor {
public:
    creature(caf::actor_config& config, caf::actor mall, std::uint64_t colour)
        : caf::event_based_actor(config), mall_(std::move(mall)), colour_(colour) {}

    caf::behavior make_behavior() override {
        return {[this](go_atom) { go_to_mall(); },
                [this](meet_atom, caf::actor const& other, std::uint64_t colour) {
                    colour_ = shape::complement(colour_, colour);
                    send(other, change_atom::value, colour_);
                    met_ += 1;
                    go_to_mall();
                },
                [this](change_atom, std::uint64_t colour) {
                    colour_ = colour;
                    met_ += 1;
                    go_to_mall();
                },
                [this](fade_atom) { send(mall_, faded_atom::value, met_, colour_); }};
    }
    void on_exit() override { mall_ = nullptr; }

private:
    void go_to_mall() { send(mall_, meet_atom::value, caf::actor(this), colour_); }

    caf::actor mall_;
    std::uint64_t colour_;
    std::uint64_t met_ = 0;
};

class big_actor : public caf::event_based_actor {
public:
    big_actor(caf::actor_config& config, caf::actor sink, std::uint64_t place)
        : caf::event_based_actor(config), sink_(std::move(sink)), place_(place), random_(place) {}

    caf::behavior make_behavior() override {
        return {[this](meet_atom, std::vector<caf::actor> const& all) { all_ = all; },
                [this](go_atom, std::uint64_t pings) {
                    left_ = pings;
                    send_ping();
                },
                [this](ping_atom, std::uint64_t from) { send(all_[from], pong_atom::value, place_); },
                [this](pong_atom, std::uint64_t from) {
                    if (from == pinged_) sum_ += from + 1;
                    if (left_ == 0)
                        send(sink_, value_atom::value, sum_);
                    else
                        send_ping();
                }};
    }
    void on_exit() override { all_.clear(); }

private:
    void send_ping() {
        left_ -= 1;
        pinged_ = random_.below(shape::big_actors);
        send(all_[pinged_], ping_atom::value, place_);
    }

    caf::actor sink_;
    std::uint64_t place_;
    random_numbers random_;
    std::vector<caf::actor> all_;
    std::uint64_t left_ = 0;
    std::uint64_t pinged_ = 0;
    std::uint64_t sum_ = 0;
};

// The handlers of this one and of the list tell the result to the sender, whom CAF's messages carry anyway.
class dictionary : public caf::event_based_actor {
public:
    explicit dictionary(caf::actor_config& config) : caf::event_based_actor(config) {}

    caf::behavior make_behavior() override {
        return {[this](write_atom, std::uint64_t key, std::uint64_t value) {
                    entries_[key] = value;
                    return caf::make_message(result_atom::value, value);
                },
                [this](read_atom, std::uint64_t key) {
                    auto const found = entries_.find(key);
                    return caf::make_message(result_atom::value,
                                             found == entries_.end() ? std::uint64_t{0} : found->second);
                }};
    }

private:
    std::unordered_map<std::uint64_t, std::uint64_t> entries_ = shape::full_dictionary();
};

class dictionary_worker : public caf::event_based_actor {
public:
    dictionary_worker(caf::actor_config& config, caf::actor sink, caf::actor dictionary, std::uint64_t place)
        : caf::event_based_actor(config), sink_(std::move(sink)), dictionary_(std::move(dictionary)), random_(place) {}

    caf::behavior make_behavior() override {
        return {[this](go_atom, std::uint64_t requests) {
                    left_ = requests;
                    ask();
                },
                [this](result_atom, std::uint64_t value) {
                    sum_ += value % shape::dictionary_keys;
                    if (left_ == 0)
                        send(sink_, value_atom::value, sum_);
                    else
                        ask();
                }};
    }

private:
    void ask() {
        left_ -= 1;
        auto const next = shape::next_dictionary_request(random_);
        if (next.write)
            send(dictionary_, write_atom::value, next.key, next.value);
        else
            send(dictionary_, read_atom::value, next.key);
    }

    caf::actor sink_;
    caf::actor dictionary_;
    random_numbers random_;
    std::uint64_t left_ = 0;
    std::uint64_t sum_ = 0;
};

class list_keeper : public caf::event_based_actor {
public:
    explicit list_keeper(caf::actor_config& config) : caf::event_based_actor(config) {}

    caf::behavior make_behavior() override {
        return {[this](size_atom) { return caf::make_message(result_atom::value, values_.size()); },
                [this](add_atom, std::uint64_t value) {
                    values_.add(value);
                    return caf::make_message(result_atom::value, value);
                },
                [this](contains_atom, std::uint64_t value) {
                    return caf::make_message(result_atom::value, std::uint64_t{values_.contains(value)});
                }};
    }

private:
    shape::sorted_list values_;
};

class list_worker : public caf::event_based_actor {
public:
    list_worker(caf::actor_config& config, caf::actor sink, caf::actor keeper, std::uint64_t place)
        : caf::event_based_actor(config),
          sink_(std::move(sink)),
          keeper_(std::move(keeper)),
          place_(place),
          random_(place) {}

    caf::behavior make_behavior() override {
        return {[this](go_atom, std::uint64_t requests) {
                    left_ = requests;
                    ask();
                },
                [this](result_atom, std::uint64_t value) {
                    results_.take(kind_, value);
                    if (left_ == 0)
                        send(sink_, value_atom::value, results_.sum());
                    else
                        ask();
                }};
    }

private:
    void ask() {
        left_ -= 1;
        auto const next = shape::next_list_request(random_, place_);
        kind_ = next.kind;
        switch (next.kind) {
            case shape::list_request_kind::size: send(keeper_, size_atom::value); break;
            case shape::list_request_kind::add: send(keeper_, add_atom::value, next.value); break;
            case shape::list_request_kind::contains: send(keeper_, contains_atom::value, next.value); break;
        }
    }

    caf::actor sink_;
    caf::actor keeper_;
    std::uint64_t place_;
    random_numbers random_;
    shape::list_request_kind kind_ = shape::list_request_kind::size;
    shape::list_results results_;
    std::uint64_t left_ = 0;
};

}  // namespace

outcome chameneos(std::uint64_t messages, std::size_t threads) {
    std::promise<std::uint64_t> finished;
    system_under_test system(threads);
    auto const meeting_place = system->spawn<mall>(&finished, messages);
    std::vector<caf::actor> creatures;
    for (std::uint64_t place = 0; place < shape::creatures; ++place)
        creatures.push_back(system->spawn<creature>(meeting_place, place % shape::colours));

    stopwatch const clock;
    for (auto const& each : creatures) caf::anon_send(each, go_atom::value);
    auto const answer = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    auto const workers = system.workers();
    system.end(meeting_place);
    for (auto const& each : creatures) system.end(each);
    return checked(elapsed, messages, workers, "3 times the meetings seen, and the colours", answer,
                   shape::chameneos_expected(messages));
}

outcome big(std::uint64_t messages, std::size_t threads) {
    auto const each = shape::share(messages, shape::big_actors);
    std::promise<std::uint64_t> finished;
    system_under_test system(threads);
    auto const sink = system->spawn<fan_in_sink>(&finished, shape::big_actors);
    std::vector<caf::actor> actors;
    for (std::uint64_t place = 0; place < shape::big_actors; ++place)
        actors.push_back(system->spawn<big_actor>(sink, place));
    for (auto const& actor : actors) caf::anon_send(actor, meet_atom::value, actors);

    stopwatch const clock;
    for (auto const& actor : actors) caf::anon_send(actor, go_atom::value, each);
    auto const answer = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    auto const workers = system.workers();
    for (auto const& actor : actors) system.end(actor);
    return checked(elapsed, each * shape::big_actors, workers, "the sum of the places of those who answered", answer,
                   shape::big_expected(each));
}

outcome concurrent_dictionary(std::uint64_t messages, std::size_t threads) {
    auto const each = shape::share(messages, shape::dictionary_workers);
    std::promise<std::uint64_t> finished;
    system_under_test system(threads);
    auto const sink = system->spawn<fan_in_sink>(&finished, shape::dictionary_workers);
    auto const entries = system->spawn<dictionary>();
    std::vector<caf::actor> workers;
    for (std::uint64_t place = 0; place < shape::dictionary_workers; ++place)
        workers.push_back(system->spawn<dictionary_worker>(sink, entries, place));

    stopwatch const clock;
    for (auto const& worker : workers) caf::anon_send(worker, go_atom::value, each);
    auto const answer = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return checked(elapsed, each * shape::dictionary_workers, system.workers(), "the sum of the results", answer,
                   shape::dictionary_expected(each));
}

outcome concurrent_sorted_list(std::uint64_t messages, std::size_t threads) {
    auto const each = shape::share(messages, shape::list_workers);
    std::promise<std::uint64_t> finished;
    system_under_test system(threads);
    auto const sink = system->spawn<fan_in_sink>(&finished, shape::list_workers);
    auto const keeper = system->spawn<list_keeper>();
    std::vector<caf::actor> workers;
    for (std::uint64_t place = 0; place < shape::list_workers; ++place)
        workers.push_back(system->spawn<list_worker>(sink, keeper, place));

    stopwatch const clock;
    for (auto const& worker : workers) caf::anon_send(worker, go_atom::value, each);
    auto const answer = await_answer(finished.get_future());
    auto const elapsed = clock.elapsed();

    return checked(elapsed, each * shape::list_workers, system.workers(), "the sum of the results", answer,
                   shape::list_expected(each));
}

}  // namespace benches::caf_rows
