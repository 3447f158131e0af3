#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "absl/strings/str_format.h"
#include "gtest/gtest.h"
#include "worker/agent/grpc_farm_client.h"

namespace stereofarm {
namespace {

// Longer than a connection on a machine at rest takes, shorter than anybody waits.
constexpr int kSlowMillis = 700;

// A farm that takes its time to open a connection, and then hears one call and hangs up.
class SlowFarm {
 public:
  SlowFarm() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(listener_, 8), 0);
    socklen_t size = sizeof(address);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~SlowFarm() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  std::string address() const { return absl::StrFormat("127.0.0.1:%d", port_); }
  bool heard() {
    shutdown(listener_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    thread_ = std::thread([] {});
    return heard_;
  }

 private:
  void Serve() {
    const int caller = accept(listener_, nullptr, nullptr);
    if (caller < 0) return;
    // Whoever gives up hangs up before the time is over.
    char bytes[4096];
    std::string begin;
    pollfd ready{caller, POLLRDHUP, 0};
    const bool gave_up = poll(&ready, 1, kSlowMillis) > 0;
    if (!gave_up) {
      // HTTP/2: an empty SETTINGS frame opens the connection (RFC 9113, 3.4); calls follow.
      constexpr char kSettings[] = {0, 0, 0, 4, 0, 0, 0, 0, 0};
      if (write(caller, kSettings, sizeof(kSettings)) == sizeof(kSettings)) {
        // Frames have nine bytes of head, the fourth says what kind: 1 begins a call.
        while (!heard_) {
          const ssize_t got = read(caller, bytes, sizeof(bytes));
          if (got <= 0) break;
          begin.append(bytes, static_cast<size_t>(got));
          heard_ = BeginsCall(begin);
        }
      }
    }
    close(caller);
  }
  static bool BeginsCall(const std::string& bytes) {
    constexpr size_t kPreface = 24, kHead = 9;
    size_t at = kPreface;
    while (at + kHead <= bytes.size()) {
      const auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[at + i]); };
      if (byte(3) == 1) return true;
      at += kHead +
            (static_cast<size_t>(byte(0)) << 16 | static_cast<size_t>(byte(1)) << 8 | byte(2));
    }
    return false;
  }

  const int listener_;
  int port_ = 0;
  bool heard_ = false;
  std::thread thread_;
};

TEST(SlowConnectionTest, IsWaitedFor) {
  SlowFarm farm;
  const auto client = ConnectToFarm({farm.address(), {}});
  // It ends with the farm's hanging up; what counts is that it was said at all.
  EXPECT_FALSE(client->Register({}, 20'000'000).ok());
  EXPECT_TRUE(farm.heard());
}

}  // namespace
}  // namespace stereofarm
