#ifndef STEREOFARM_COORDINATOR_SERVICE_CONNECTIONS_H_
#define STEREOFARM_COORDINATOR_SERVICE_CONNECTIONS_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace stereofarm {

// Where the callers of this process's servers sit, for those who know a caller's certificate alone:
// asks the library's own list of open connections. Thread-safe.
class Connections {
 public:
  // "ipv4:10.0.0.7:40312": the other end of the open connection that showed this certificate (PEM).
  // Of several of them some, separated by ", "; empty: none is open any more.
  std::string PeerOf(const std::string& certificate) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Connection {
    std::string peer;
    std::string certificate;
  };
  // By the library's number, which it gives once.
  using Open = std::map<int64_t, Connection>;

  // Those of one server. What is known isn't asked for again: the list is cheap, its entries
  // aren't.
  void AddOf(int64_t server, Open* open) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  Open known_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_SERVICE_CONNECTIONS_H_
