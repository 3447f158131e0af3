#include "common/image/image_memory.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>

#include "common/image/piece_heap.h"

namespace stereofarm {
namespace {

// The allocator is good at less than this.
constexpr size_t kSmall = size_t{128} << 10;
constexpr size_t kHugePage = size_t{2} << 20;
// Kept beyond what was in use at once: what is asked for next may not fit into what is free.
constexpr size_t kSpare = size_t{8} << 20;

// One range of addresses that pieces are cut from. Memory comes to it when it's first written to,
// in huge pages, which cost the least to get.
class Arena {
 public:
  // Null where no piece of that size can be had.
  float* Take(size_t bytes) {
    const size_t size = Whole(bytes);
    std::lock_guard lock(mutex_);
    // The allocator knows how to refuse more than there can be.
    if (in_use_ + size > addresses_ / 2) return nullptr;
    const std::optional<PieceHeap::Piece> piece = heap_.Take(size);
    if (!piece.has_value()) return nullptr;
    in_use_ += size;
    most_in_use_ = std::max(most_in_use_, in_use_);
    const size_t whole = in_use_ + heap_.kept(), most = most_in_use_ + kSpare;
    if (piece->bare > 0 && whole > most) {
      // Parts of huge pages, which the kernel takes back when it's short of memory, only where
      // there are no whole ones.
      const size_t dropped = Drop(whole - most, kHugePage);
      if (dropped < whole - most) Drop(whole - most - dropped, page_);
    }
    return reinterpret_cast<float*>(base_ + piece->offset);
  }
  // False where `memory` is from elsewhere.
  bool Put(const float* memory, size_t bytes) {
    const auto at = reinterpret_cast<uintptr_t>(memory), base = reinterpret_cast<uintptr_t>(base_);
    if (base_ == nullptr || at < base || at - base >= addresses_) return false;
    std::lock_guard lock(mutex_);
    heap_.Return(at - base, Whole(bytes));
    in_use_ -= Whole(bytes);
    return true;
  }
  void Clear() {
    std::lock_guard lock(mutex_);
    Drop(heap_.kept(), page_);
  }
  size_t Kept() {
    std::lock_guard lock(mutex_);
    return heap_.kept();
  }

 private:
  size_t Whole(size_t bytes) const { return (bytes + page_ - 1) / page_ * page_; }
  // Twice the machine's memory, so that there's always a place, and at most half of what the
  // process may have.
  static size_t Addresses(size_t page) {
    size_t addresses = 2 * static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * page;
    for (const auto kind : {RLIMIT_AS, RLIMIT_DATA}) {
      rlimit limit{};
      if (getrlimit(kind, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
        addresses = std::min<size_t>(addresses, limit.rlim_cur / 2);
      }
    }
    return addresses / kHugePage * kHugePage;
  }
  // Null where they can't be had, as where the kernel promises no more memory than there is: then
  // the allocator serves, which takes longer.
  static char* Reserve(size_t bytes) {
    void* const memory = mmap(nullptr, bytes + kHugePage, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    const auto past = reinterpret_cast<uintptr_t>(memory) % kHugePage;
    char* const base = static_cast<char*>(memory) + (kHugePage - past) % kHugePage;
    madvise(base, bytes, MADV_HUGEPAGE);  // without it nothing is wrong
    return base;
  }
  // Lets go of at least `bytes` of what is kept, or of all there is in whole units; how much it
  // was.
  size_t Drop(size_t bytes, size_t unit) {
    size_t dropped = 0;
    for (const PieceHeap::Range& range : heap_.Drop(bytes, unit)) {
      madvise(base_ + range.offset, range.bytes, MADV_DONTNEED);
      dropped += range.bytes;
    }
    return dropped;
  }

  const size_t page_ = static_cast<size_t>(sysconf(_SC_PAGE_SIZE));
  const size_t addresses_ = Addresses(page_);
  char* const base_ = Reserve(addresses_);
  std::mutex mutex_;
  PieceHeap heap_{base_ == nullptr ? 0 : addresses_, kHugePage};  // guarded by mutex_
  size_t in_use_ = 0;                                             // guarded by mutex_; given out
  size_t most_in_use_ = 0;                                        // guarded by mutex_
};

Arena& TheArena() {
  static Arena* const arena = new Arena;  // never destroyed: images may be the last to go
  return *arena;
}

bool IsKept(size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
  static_cast<void>(bytes);
  return false;  // so that a use after the end is seen
#else
  return bytes >= kSmall;
#endif
}

}  // namespace

float* TakeImageMemory(size_t bytes) {
  if (IsKept(bytes)) {
    if (float* const memory = TheArena().Take(bytes); memory != nullptr) return memory;
    TheArena().Clear();
  }
  void* const memory = std::aligned_alloc(64, bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return static_cast<float*>(memory);
}

void ReturnImageMemory(float* memory, size_t bytes) {
  if (memory == nullptr) return;
  if (!IsKept(bytes) || !TheArena().Put(memory, bytes)) std::free(memory);
}

size_t KeptImageMemory() { return TheArena().Kept(); }

void DropKeptImageMemory() { TheArena().Clear(); }

}  // namespace stereofarm
