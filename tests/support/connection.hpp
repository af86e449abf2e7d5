#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace drover_test {

/// A client's connection to a port of this machine. Makes no assertion, as several threads may have some.
class connection {
public:
    struct options {
        std::uint32_t address = INADDR_LOOPBACK;
        int receive_buffer = 0;  ///< bytes that the kernel keeps for a client that does not read; 0: its own choice
    };

    /// Throws std::runtime_error if nobody listens there.
    explicit connection(std::uint16_t port) : connection(port, options{}) {}
    connection(std::uint16_t port, options with) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        if (with.receive_buffer != 0) {
            ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &with.receive_buffer, sizeof with.receive_buffer);
        }
        sockaddr_in place{};
        place.sin_family = AF_INET;
        place.sin_port = htons(port);
        place.sin_addr.s_addr = htonl(with.address);
        if (socket_ < 0 || ::connect(socket_, reinterpret_cast<const sockaddr*>(&place), sizeof place) != 0) {
            ::close(socket_);
            throw std::runtime_error("cannot connect to port " + std::to_string(port));
        }
    }
    ~connection() { ::close(socket_); }
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    /// False if the other side is gone.
    bool request(const std::string& path) {
        const std::string text = "GET " + path + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
        return ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
    }

    /// At most so many bytes, waiting for one. Empty at the end.
    std::string read(std::size_t most) {
        std::string piece(most, '\0');
        const ssize_t got = ::recv(socket_, piece.data(), piece.size(), 0);
        piece.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return piece;
    }

    std::string read_all() {
        std::string answer;
        for (std::string piece; !(piece = read(65536)).empty();) {
            answer += piece;
        }
        return answer;
    }

    std::string get(const std::string& path) { return request(path) ? read_all() : std::string(); }

private:
    int socket_;
};

}  // namespace drover_test
