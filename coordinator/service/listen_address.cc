#include "coordinator/service/listen_address.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include <charconv>
#include <filesystem>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

constexpr char kUnix[] = "unix:";

// By its number alone: what a name means isn't known here, but for the one that RFC 6761 keeps.
bool IsLoopback(const std::string& host) {
  in_addr four = {};
  if (inet_pton(AF_INET, host.c_str(), &four) == 1) return ntohl(four.s_addr) >> 24 == 127;
  return host == "localhost" || host == "[::1]" || host == "::1";
}

}  // namespace

absl::StatusOr<ListenAddress> ParseListenAddress(const std::string& text, bool insecure,
                                                 bool guarded) {
  ListenAddress address;
  if (text.starts_with(kUnix)) {
    const std::string path = text.substr(sizeof(kUnix) - 1);
    if (path.empty()) {
      return absl::InvalidArgumentError("--listen unix:PATH: the path is missing");
    }
    address.unix_path = std::filesystem::absolute(path).lexically_normal().string();
    if (address.unix_path.size() >= sizeof(sockaddr_un::sun_path)) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "--listen: %s is longer than the %d bytes that a socket's path may have; choose a "
          "shorter folder",
          address.unix_path, sizeof(sockaddr_un::sun_path) - 1));
    }
    return address;
  }
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--listen: '%s' is neither unix:PATH nor HOST:PORT", text));
  }
  address.host = text.substr(0, colon);
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, address.port);
  if (error != std::errc() || stop != end || address.port < 0 || address.port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--listen: '%s' has no port between 0 and 65535", text));
  }
  if (!insecure && !guarded && !IsLoopback(address.host)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--listen: %s can be reached from other machines, and this farm would let anybody in; "
        "listen on 127.0.0.1 or a unix: path, ask for certificates with --tls DIR, or say "
        "--insecure",
        text));
  }
  return address;
}

}  // namespace stereofarm
