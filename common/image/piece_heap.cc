#include "common/image/piece_heap.h"

#include <algorithm>
#include <iterator>

namespace stereofarm {

PieceHeap::PieceHeap(size_t bytes, size_t page) : page_(page) {
  if (bytes > 0) free_[0] = {bytes, false};
}

std::optional<PieceHeap::Piece> PieceHeap::Take(size_t bytes) {
  if (bytes == 0) return std::nullopt;
  auto first = free_.end();
  for (auto it = free_.begin(); it != free_.end(); ++it) {
    if (!it->second.is_kept || it->second.bytes < bytes) continue;
    if (first == free_.end() || it->second.bytes < first->second.bytes) first = it;
  }
  if (first == free_.end()) {
    // Parts of both kinds that lie side by side.
    size_t run = 0, end = 0;
    for (auto it = free_.begin(); it != free_.end() && run < bytes; ++it) {
      if (first == free_.end() || it->first != end) {
        first = it;
        run = 0;
      }
      run += it->second.bytes;
      end = it->first + it->second.bytes;
    }
    if (run < bytes) return std::nullopt;
  }

  Piece piece{first->first, 0};
  size_t missing = bytes;
  while (missing > 0) {
    const auto [offset, part] = *first;
    const size_t taken = std::min(missing, part.bytes);
    first = free_.erase(first);
    if (part.is_kept) {
      kept_ -= taken;
      if (taken < part.bytes) free_[offset + taken] = {part.bytes - taken, true};
    } else {
      const size_t end = offset + taken, left = part.bytes - taken;
      const size_t rest_of_page = std::min(left, (page_ - end % page_) % page_);
      piece.bare += taken + rest_of_page;
      kept_ += rest_of_page;
      if (rest_of_page < left) free_[end + rest_of_page] = {left - rest_of_page, false};
      if (rest_of_page > 0) Add(end, {rest_of_page, true});
    }
    missing -= taken;
  }
  return piece;
}

void PieceHeap::Return(size_t offset, size_t bytes) {
  Add(offset, {bytes, true});
  kept_ += bytes;
}

std::vector<PieceHeap::Range> PieceHeap::Drop(size_t bytes, size_t unit) {
  std::vector<Range> result;
  size_t missing = std::min(bytes, kept_);
  std::vector<Range> kept;
  for (const auto& [offset, part] : free_) {
    if (part.is_kept) kept.push_back({offset, part.bytes});
  }
  std::stable_sort(kept.begin(), kept.end(),
                   [](const Range& a, const Range& b) { return a.bytes < b.bytes; });
  for (auto it = kept.begin(); it != kept.end() && missing > 0; ++it) {
    const size_t begin = (it->offset + unit - 1) / unit * unit;
    const size_t end = (it->offset + it->bytes) / unit * unit;
    if (begin >= end) continue;
    const size_t cut = std::min(end - begin, (missing + unit - 1) / unit * unit);
    const Range dropped{end - cut, cut};
    free_.erase(it->offset);
    if (dropped.offset > it->offset) {
      free_[it->offset] = {dropped.offset - it->offset, true};
    }
    if (end < it->offset + it->bytes) free_[end] = {it->offset + it->bytes - end, true};
    Add(dropped.offset, {cut, false});
    kept_ -= cut;
    missing -= std::min(missing, cut);
    result.push_back(dropped);
  }
  return result;
}

void PieceHeap::Add(size_t offset, Free part) {
  auto after = free_.lower_bound(offset);
  if (after != free_.begin()) {
    const auto before = std::prev(after);
    if (before->second.is_kept == part.is_kept && before->first + before->second.bytes == offset) {
      offset = before->first;
      part.bytes += before->second.bytes;
      free_.erase(before);
    }
  }
  if (after != free_.end() && after->second.is_kept == part.is_kept &&
      offset + part.bytes == after->first) {
    part.bytes += after->second.bytes;
    free_.erase(after);
  }
  free_[offset] = part;
}

}  // namespace stereofarm
