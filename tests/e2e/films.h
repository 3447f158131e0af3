#ifndef STEREOFARM_TESTS_E2E_FILMS_H_
#define STEREOFARM_TESTS_E2E_FILMS_H_

#include <filesystem>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"

namespace stereofarm {

// The sample film at a third of its size with all its tracks: quick to convert. Made once.
std::filesystem::path SmallFilm();
inline constexpr int kSmallWidth = 320;
inline constexpr int kSmallHeight = 180;
inline constexpr int kSampleFrames = 102;

// What ffprobe says about a film: format, streams, chapters.
nlohmann::json ProbeFilm(const std::filesystem::path& film);
// The picture's stream in it.
nlohmann::json PictureOf(const nlohmann::json& probe);
// Streams of a type ("audio", "subtitle").
std::vector<nlohmann::json> StreamsOf(const nlohmann::json& probe, const std::string& type);
// "side by side" and the like, as the container signals it; empty without.
std::string StereoSignal(const nlohmann::json& probe);

// Every frame's time in seconds, in presentation order, as ffprobe decodes them.
std::vector<double> FrameTimes(const std::filesystem::path& film);
// Expects as many frames as there are times, each within `tolerance` seconds of its own.
void ExpectTimes(const std::filesystem::path& film, const std::vector<double>& times,
                 double tolerance);
// What a container's clock can hold: half a millisecond in Matroska.
inline constexpr double kMatroskaTolerance = 0.000501;
inline constexpr double kMp4Tolerance = 1e-6;

// A hash of every decoded frame after ffmpeg's filter (may be empty).
std::vector<std::string> FrameHashes(const std::filesystem::path& film, const std::string& filter);
// A hash of the undecoded packets of one track: "0:a:1".
std::string TrackHash(const std::filesystem::path& film, const std::string& track);

// Hash of a file's bytes; fails the test when it isn't there.
std::string FileHash(const std::filesystem::path& file);

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_E2E_FILMS_H_
