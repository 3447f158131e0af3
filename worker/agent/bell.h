#ifndef STEREOFARM_WORKER_AGENT_BELL_H_
#define STEREOFARM_WORKER_AGENT_BELL_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace stereofarm {

// How the agent waits: for a time, or until something rings. Tests have one whose time is a
// SimulatedClock's.
class Bell {
 public:
  virtual ~Bell() = default;
  // Returns after `micros`, or at once when the bell has rung since the last Wait.
  virtual void Wait(int64_t micros) = 0;
  // From any thread.
  virtual void Ring() = 0;
};

class RealBell : public Bell {
 public:
  void Wait(int64_t micros) override {
    std::unique_lock lock(mutex_);
    rang_signal_.wait_for(lock, std::chrono::microseconds(micros), [this] { return rang_; });
    rang_ = false;
  }
  void Ring() override {
    {
      std::lock_guard lock(mutex_);
      rang_ = true;
    }
    rang_signal_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable rang_signal_;
  bool rang_ = false;  // guarded by mutex_
};

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_AGENT_BELL_H_
