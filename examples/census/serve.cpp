#include "serve.hpp"

#ifdef CENSUS_PROMETHEUS
#include <drover/adapters/prometheus.hpp>

#include <system_error>
#endif

#include <stdexcept>

namespace census {

#ifdef CENSUS_PROMETHEUS
served_metrics serve_metrics(const app::runtime& rt, std::uint16_t port) {
    try {
        return std::make_shared<drover::prometheus_server>(rt, drover::prometheus_server_options{.port = port});
    } catch (const std::system_error& error) {
        throw std::runtime_error(error.what());
    }
}
#else
served_metrics serve_metrics(const app::runtime&, std::uint16_t) {
    throw std::runtime_error(
        "--metrics is not there, as this census was built without prometheus-cpp; install prometheus-cpp-dev and build "
        "again");
}
#endif

}  // namespace census
