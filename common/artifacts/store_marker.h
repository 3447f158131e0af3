#ifndef STEREOFARM_COMMON_ARTIFACTS_STORE_MARKER_H_
#define STEREOFARM_COMMON_ARTIFACTS_STORE_MARKER_H_

namespace stereofarm {

// A file right in the store with random content that the coordinator writes anew at each start: a
// worker that reads the same has the same store, and no copy of it.
inline constexpr char kStoreMarkerFile[] = ".store-marker";

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_ARTIFACTS_STORE_MARKER_H_
