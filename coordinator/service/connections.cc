#include "coordinator/service/connections.h"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_join.h"
#include "grpc/grpc.h"
#include "grpc/support/alloc.h"
#include "nlohmann/json.hpp"

namespace stereofarm {
namespace {

// Peers that are named in one answer.
constexpr size_t kMostNamed = 8;

// Takes a text of the library's; an object without entries where it's none.
nlohmann::json Taken(char* text) {
  if (text == nullptr) return nlohmann::json::object();
  nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  gpr_free(text);
  return json.is_object() ? json : nlohmann::json::object();
}

// What lies below keys; null where there is nothing.
nlohmann::json Below(nlohmann::json json, const std::vector<const char*>& keys) {
  for (const char* key : keys) {
    if (!json.is_object() || !json.contains(key)) return nullptr;
    json = nlohmann::json(json[key]);
  }
  return json;
}

std::string Text(const nlohmann::json& json) {
  return json.is_string() ? json.get<std::string>() : std::string();
}

int64_t Number(const nlohmann::json& json) {
  int64_t number = 0;
  return absl::SimpleAtoi(Text(json), &number) ? number : 0;
}

}  // namespace

void Connections::AddOf(int64_t server, Open* open) const {
  int64_t next = 0;
  while (true) {
    const nlohmann::json page = Taken(grpc_channelz_get_server_sockets(server, next, 0));
    for (const nlohmann::json& entry : Below(page, {"socketRef"})) {
      const int64_t number = Number(Below(entry, {"socketId"}));
      next = std::max(next, number + 1);
      if (const auto known = known_.find(number); known != known_.end()) {
        open->insert(*known);
        continue;
      }
      const nlohmann::json socket = Below(Taken(grpc_channelz_get_socket(number)), {"socket"});
      // "chttp2 ipv4:10.0.0.7:40312"
      const std::string name = Text(Below(socket, {"ref", "name"}));
      const size_t space = name.find(' ');
      Connection connection;
      connection.peer = space == std::string::npos ? name : name.substr(space + 1);
      const std::string encoded = Text(Below(socket, {"security", "tls", "remote_certificate"}));
      if (!absl::Base64Unescape(encoded, &connection.certificate)) connection.certificate.clear();
      open->emplace(number, std::move(connection));
    }
    if (page.value("end", true) || next == 0) return;
  }
}

std::string Connections::PeerOf(const std::string& certificate) {
  absl::MutexLock lock(&mutex_);
  Open open;
  for (int64_t next = 0;;) {
    const nlohmann::json page = Taken(grpc_channelz_get_servers(next));
    for (const nlohmann::json& entry : Below(page, {"server"})) {
      const int64_t server = Number(Below(entry, {"ref", "serverId"}));
      next = std::max(next, server + 1);
      AddOf(server, &open);
    }
    if (page.value("end", true) || next == 0) break;
  }
  known_ = std::move(open);
  std::vector<std::string> peers;
  for (const auto& [number, connection] : known_) {
    if (connection.certificate != certificate) continue;
    peers.push_back(connection.peer);
    if (peers.size() == kMostNamed) break;
  }
  return absl::StrJoin(peers, ", ");
}

}  // namespace stereofarm
