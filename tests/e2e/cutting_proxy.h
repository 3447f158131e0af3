#ifndef STEREOFARM_TESTS_E2E_CUTTING_PROXY_H_
#define STEREOFARM_TESTS_E2E_CUTTING_PROXY_H_

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

namespace stereofarm {

// Stands between a worker and its coordinator on loopback, and cuts each connection after it has
// carried so many bytes in either direction.
class CuttingProxy {
 public:
  // `farm`: "127.0.0.1:PORT".
  CuttingProxy(const std::string& farm, int64_t bytes_until_cut);
  ~CuttingProxy();

  std::string address() const;
  int cuts() const { return cuts_; }

 private:
  void Serve();

  const int64_t bytes_until_cut_;
  int farm_port_ = 0;
  int port_ = 0;
  int listener_ = -1;
  std::atomic<int> cuts_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_E2E_CUTTING_PROXY_H_
