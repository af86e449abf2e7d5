// A coroutine as the whole actor: run() says what happens from the beginning to the end, and takes the next message
// where it wants one. What is not wanted yet is kept. While run() waits for a reply or for time, messages wait in the
// mailbox.
#include <chrono>
#include <coroutine>
#include <cstdio>
#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <variant>

#include <drover/drover.hpp>

// Between an actor's handlers and its run(). Each handler hands its message over and has finished when run() wants the
// next one, so a message counts as handled when what it set off is done. The last member of its actor: what run() uses
// outlives it.
template <class... Messages>
class inbox : drover::resumption {  // who goes on when run() has ended
public:
    using message = std::variant<Messages...>;

    inbox() : resumption{&on_end} {}

    /// For `started`: run() goes as far as it comes.
    drover::task<> begin(drover::task<> run, drover::context& me) {
        run_.emplace(std::move(run));
        co_await turn{this};
        stop_at_end(me);
    }

    /// For the handlers.
    drover::task<> hand_over(message m, drover::context& me) {
        kept_.push_back(std::move(m));
        co_await turn{this};
        stop_at_end(me);
    }

    template <class M>
    struct next;

    /// In run(): the next message of this type.
    template <class M>
    next<M> receive() {
        return {this};
    }

private:
    // A handler waits until run() wants more than there is.
    struct turn {
        struct operation {
            explicit operation(turn&& t) : box(*t.box) {}
            bool start(drover::resumption& then) {
                box.over_ = false;
                box.go_on();
                if (!box.over_) {
                    box.handler_ = &then;
                }
                return !box.over_;
            }
            void take() {
                if (box.ended_) {
                    box.run_->take();  // throws what run() threw
                }
            }
            inbox& box;
        };
        inbox* box;
    };

    void go_on() {
        if (!std::exchange(begun_, true)) {
            ended_ = !run_->start(*this);
            over_ = over_ || ended_;
        } else if (wants_ != nullptr && wants_(kept_)) {
            wants_ = nullptr;
            reader_->next(reader_).resume();
        } else {
            over_ = true;
        }
    }

    void end_turn() {
        if (drover::resumption* const handler = std::exchange(handler_, nullptr)) {
            handler->next(handler).resume();
        } else {
            over_ = true;
        }
    }

    static std::coroutine_handle<> on_end(drover::resumption* self) noexcept {
        inbox& box = *static_cast<inbox*>(self);
        box.ended_ = box.over_ = true;
        drover::resumption* const handler = std::exchange(box.handler_, nullptr);
        return handler != nullptr ? handler->next(handler) : std::noop_coroutine();
    }

    void stop_at_end(drover::context& me) const {
        if (ended_) {
            me.stop();
        }
    }

    template <class M>
    static bool has(const std::deque<message>& kept) {
        for (const message& each : kept) {
            if (std::holds_alternative<M>(each)) {
                return true;
            }
        }
        return false;
    }

    std::deque<message> kept_;
    bool (*wants_)(const std::deque<message>&) = nullptr;
    drover::resumption* reader_ = nullptr;
    drover::resumption* handler_ = nullptr;
    bool begun_ = false;
    bool over_ = false;
    bool ended_ = false;
    std::optional<drover::task<>::operation> run_;
};

template <class... Messages>
template <class M>
struct inbox<Messages...>::next {
    struct operation {
        explicit operation(next&& n) : box(*n.box) {}
        bool start(drover::resumption& then) {
            if (has<M>(box.kept_)) {
                return false;
            }
            box.reader_ = &then;
            box.wants_ = &has<M>;
            box.end_turn();
            return true;
        }
        M take() {
            auto each = box.kept_.begin();
            while (!std::holds_alternative<M>(*each)) {
                ++each;
            }
            M found = std::get<M>(std::move(*each));
            box.kept_.erase(each);
            return found;
        }
        inbox& box;
    };
    inbox* box;
};

// --- an actor in this style ----------------------------------------------------------------------------------------------

struct price_of {
    std::string goods;
};
struct price_list {
    int operator()(const price_of& p) const { return static_cast<int>(p.goods.size()); }
};

struct customer {
    std::string name;
};
struct item {
    std::string goods;
};
struct checkout {};

struct till {
    drover::task<> run(drover::context& me) {
        const customer who = co_await box_.receive<customer>();  // goods that come before their customer are kept
        int sum = 0;
        for (int n = 0; n != 3; ++n) {
            item next = co_await box_.receive<item>();
            price_of wanted{std::move(next.goods)};
            sum += co_await prices_.ask(std::move(wanted));
        }
        co_await box_.receive<checkout>();
        std::printf("%s pays %d at %s\n", who.name.c_str(), sum, std::string(me.self().name()).c_str());
        *total_ = sum;
    }

    drover::task<> started(drover::context& me) { return box_.begin(run(me), me); }
    drover::task<> operator()(customer c, drover::context& me) { return box_.hand_over(std::move(c), me); }
    drover::task<> operator()(item i, drover::context& me) { return box_.hand_over(std::move(i), me); }
    drover::task<> operator()(checkout c, drover::context& me) { return box_.hand_over(c, me); }

    till(drover::ref<price_list> prices, int& total) : prices_(std::move(prices)), total_(&total) {}

    drover::ref<price_list> prices_;
    int* total_;
    inbox<customer, item, checkout> box_;
};

int main() {
    int total = 0;
    drover::accounting sums{};
    {
        drover::runtime rt;
        const auto prices = rt.spawn<price_list>();
        const auto one = rt.spawn<till>(drover::spawn_options{.name = "till 1"}, prices, total);
        one.tell(item{"milk"});
        one.tell(customer{"Ada"});
        one.tell(item{"bread"});
        one.tell(checkout{});
        one.tell(item{"cheese"});

        const auto left = rt.spawn<till>(drover::spawn_options{.name = "till 2"}, prices, total);
        left.tell(customer{"Bob"});  // and never comes again: run() is destroyed where it stands

        while (!one.stopped()) {  // its run() has ended, and so has the actor
            std::this_thread::yield();
        }
        rt.drain(std::chrono::seconds(10));
        sums = rt.statistics();
    }
    return total == 15 && sums.handled == sums.offered ? 0 : 1;
}
