#ifndef STEREOFARM_WORKER_STAGES_PREFETCH_H_
#define STEREOFARM_WORKER_STAGES_PREFETCH_H_

#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <thread>
#include <utility>

#include "worker/stages/stream.h"

namespace stereofarm {

// Runs the stages before it on a thread of its own, at most `capacity` finished items ahead, so
// that stages overlap inside one process. What comes out, and its order, are the same as without
// it. An error or the end comes after the items before it. The destructor ends the thread, at the
// latest when the item being worked on is finished.
template <typename T>
class Prefetch : public Stream<T> {
 public:
  Prefetch(std::unique_ptr<Stream<T>> upstream, size_t capacity)
      : upstream_(std::move(upstream)), capacity_(capacity), thread_([this] { Fill(); }) {}
  ~Prefetch() override {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  absl::StatusOr<std::optional<T>> Next() override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !items_.empty() || finished_; });
    if (items_.empty()) {
      if (!status_.ok()) return status_;
      return std::optional<T>();
    }
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    lock.unlock();
    changed_.notify_all();
    return item;
  }

 private:
  void Fill() {
    while (true) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return items_.size() < capacity_ || stopping_; });
        if (stopping_) return;
      }
      absl::StatusOr<std::optional<T>> next = Pull();
      {
        std::lock_guard lock(mutex_);
        if (next.ok() && next->has_value()) {
          items_.push_back(*std::move(*next));
        } else {
          status_ = next.status();
          finished_ = true;
        }
        if (finished_ || stopping_) break;
      }
      changed_.notify_all();
    }
    changed_.notify_all();
  }

  // Foreign libraries may throw; on this thread that would end the process.
  absl::StatusOr<std::optional<T>> Pull() {
    try {
      return upstream_->Next();
    } catch (const std::bad_alloc&) {
      return OutOfMemory("out of memory");
    } catch (const std::exception& error) {
      return absl::InternalError(error.what());
    }
  }

  const std::unique_ptr<Stream<T>> upstream_;  // of the thread alone
  const size_t capacity_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> items_;    // guarded by mutex_
  absl::Status status_;    // guarded by mutex_
  bool finished_ = false;  // guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;     // last: it uses all of the above
};

// `upstream` behind a Prefetch. One frame ahead lets both sides work at once; more would only hold
// more memory.
template <typename T>
std::unique_ptr<Stream<T>> Ahead(std::unique_ptr<Stream<T>> upstream, size_t capacity = 1) {
  return std::make_unique<Prefetch<T>>(std::move(upstream), capacity);
}

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_STAGES_PREFETCH_H_
