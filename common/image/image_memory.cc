#include "common/image/image_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <new>

namespace stereofarm {
namespace {

// The allocator is good at less than this.
constexpr size_t kSmall = size_t{128} << 10;
constexpr size_t kHugePage = size_t{2} << 20;
// Kept beyond what was in use at once: what is asked for next may have another size.
constexpr size_t kSpare = size_t{8} << 20;

// Null where there's no memory.
float* Allocate(size_t bytes) {
  const bool large = bytes >= kHugePage;
  const size_t alignment = large ? kHugePage : 64;
  const size_t size = (bytes + alignment - 1) / alignment * alignment;
  void* const memory = std::aligned_alloc(alignment, size);
  // Fewer page faults and fewer misses of the page table's cache; without it nothing is wrong.
  if (large && memory != nullptr) madvise(memory, size, MADV_HUGEPAGE);
  return static_cast<float*>(memory);
}

class Shelf {
 public:
  // Null where nothing of that size is kept.
  float* Take(size_t bytes) {
    std::lock_guard lock(mutex_);
    in_use_ += bytes;
    most_in_use_ = std::max(most_in_use_, in_use_);
    // The last one returned is the likeliest to be in the processor's cache.
    for (auto it = kept_.rbegin(); it != kept_.rend(); ++it) {
      if (it->bytes != bytes) continue;
      float* const memory = it->memory;
      kept_.erase(std::next(it).base());
      total_ -= bytes;
      return memory;
    }
    while (!kept_.empty() && in_use_ + total_ > most_in_use_ + kSpare) {
      std::free(kept_.front().memory);
      total_ -= kept_.front().bytes;
      kept_.pop_front();
    }
    return nullptr;
  }
  void Put(float* memory, size_t bytes) {
    std::lock_guard lock(mutex_);
    in_use_ -= bytes;
    kept_.push_back({memory, bytes});
    total_ += bytes;
  }
  void Clear() {
    std::lock_guard lock(mutex_);
    for (const Kept& kept : kept_) std::free(kept.memory);
    kept_.clear();
    total_ = 0;
  }
  size_t total() {
    std::lock_guard lock(mutex_);
    return total_;
  }

 private:
  struct Kept {
    float* memory;
    size_t bytes;
  };
  std::mutex mutex_;
  std::deque<Kept> kept_;   // guarded by mutex_; the oldest first
  size_t total_ = 0;        // guarded by mutex_; bytes kept
  size_t in_use_ = 0;       // guarded by mutex_; bytes given out
  size_t most_in_use_ = 0;  // guarded by mutex_
};

Shelf& TheShelf() {
  static Shelf* const shelf = new Shelf;  // never destroyed: images may be the last to go
  return *shelf;
}

bool IsKept(size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
  return bytes == 0;  // none, so that a use after the end is seen
#else
  return bytes >= kSmall;
#endif
}

}  // namespace

float* TakeImageMemory(size_t bytes) {
  if (IsKept(bytes)) {
    if (float* const memory = TheShelf().Take(bytes); memory != nullptr) return memory;
  }
  float* memory = Allocate(bytes);
  if (memory == nullptr) {
    TheShelf().Clear();
    memory = Allocate(bytes);
  }
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void ReturnImageMemory(float* memory, size_t bytes) {
  if (memory == nullptr) return;
  if (IsKept(bytes)) {
    TheShelf().Put(memory, bytes);
  } else {
    std::free(memory);
  }
}

size_t KeptImageMemory() { return TheShelf().total(); }

void DropKeptImageMemory() { TheShelf().Clear(); }

}  // namespace stereofarm
