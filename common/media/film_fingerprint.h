#ifndef STEREOFARM_COMMON_MEDIA_FILM_FINGERPRINT_H_
#define STEREOFARM_COMMON_MEDIA_FILM_FINGERPRINT_H_

#include <filesystem>
#include <string>

#include "common/base/status.h"
#include "common/media/container.h"
#include "common/media/ffmpeg.h"

namespace stereofarm {

// The tag that holds it in containers with free tags.
inline constexpr char kFingerprintTag[] = "STEREOFARM_FINGERPRINT";

// Before the header is written: as a tag, where the container has free ones.
void TagFingerprint(const std::string& fingerprint, const Container& container,
                    AVFormatContext* film);

// After the file is closed: in MP4 and MOV as a box of its own at the end, which players skip (free
// tags there would hide the others from players that know only the fixed ones).
absl::Status AppendFingerprint(const std::string& fingerprint, const Container& container,
                               const std::filesystem::path& film);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_FILM_FINGERPRINT_H_
