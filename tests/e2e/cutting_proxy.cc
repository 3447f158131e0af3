#include "tests/e2e/cutting_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <list>
#include <vector>

#include "gtest/gtest.h"

namespace stereofarm {
namespace {

constexpr int kPollMillis = 50;

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

struct Line {
  int worker = -1;
  int farm = -1;
  int64_t carried = 0;
};

// Everything that `from` has now; false when that was its end.
bool Carry(int from, int to, int64_t* carried) {
  char buffer[16 << 10];
  const ssize_t got = read(from, buffer, sizeof(buffer));
  if (got <= 0) return false;
  *carried += got;
  for (ssize_t at = 0; at < got;) {
    const ssize_t written = send(to, buffer + at, static_cast<size_t>(got - at), MSG_NOSIGNAL);
    if (written <= 0) return false;
    at += written;
  }
  return true;
}

}  // namespace

CuttingProxy::CuttingProxy(const std::string& farm, int64_t bytes_until_cut)
    : bytes_until_cut_(bytes_until_cut), farm_port_(std::stoi(farm.substr(farm.rfind(':') + 1))) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(listen(listener_, 16), 0);
  EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Serve(); });
}

CuttingProxy::~CuttingProxy() {
  stopping_ = true;
  thread_.join();
  close(listener_);
}

std::string CuttingProxy::address() const { return "127.0.0.1:" + std::to_string(port_); }

void CuttingProxy::Serve() {
  std::list<Line> lines;
  const auto hang_up = [](const Line& line) {
    close(line.worker);
    close(line.farm);
  };
  while (!stopping_) {
    std::vector<pollfd> polls = {{listener_, POLLIN, 0}};
    for (const Line& line : lines) {
      polls.push_back({line.worker, POLLIN, 0});
      polls.push_back({line.farm, POLLIN, 0});
    }
    if (poll(polls.data(), polls.size(), kPollMillis) <= 0) continue;
    size_t at = 1;
    for (auto line = lines.begin(); line != lines.end(); at += 2) {
      bool open = true;
      if (polls[at].revents != 0) open = Carry(line->worker, line->farm, &line->carried);
      if (polls[at + 1].revents != 0) {
        open = Carry(line->farm, line->worker, &line->carried) && open;
      }
      if (line->carried > bytes_until_cut_) {
        ++cuts_;
        open = false;
      }
      const auto done = line++;
      if (open) continue;
      hang_up(*done);
      lines.erase(done);
    }
    if (polls[0].revents != 0) {
      Line line;
      line.worker = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      line.farm = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const sockaddr_in address = Loopback(farm_port_);
      if (connect(line.farm, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
        lines.push_back(line);
      } else {
        hang_up(line);
      }
    }
  }
  for (const Line& line : lines) hang_up(line);
}

}  // namespace stereofarm
