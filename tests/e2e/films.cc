#include "tests/e2e/films.h"

#include <unistd.h>

#include <cmath>
#include <sstream>
#include <system_error>

#include "common/base/hash.h"
#include "gtest/gtest.h"
#include "tests/e2e/programs.h"
#include "tests/support/test_data.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json ProbeWith(const fs::path& film, const std::vector<std::string>& what) {
  std::vector<std::string> args = {"ffprobe", "-v", "error", "-of", "json"};
  args.insert(args.end(), what.begin(), what.end());
  args.push_back(film.string());
  const Ended ended = RunProgram(args);
  EXPECT_EQ(ended.code, 0) << film << ": " << ended.err;
  return json::parse(ended.out, nullptr, /*allow_exceptions=*/false);
}

}  // namespace

fs::path SmallFilm() {
  const fs::path film = fs::path(STEREOFARM_BIN_DIR).parent_path() / "e2e" / "small_film.mp4";
  if (fs::exists(film)) return film;
  fs::create_directories(film.parent_path());
  // Tests run beside each other: each makes its own and the last rename wins.
  const fs::path mine = film.string() + std::to_string(getpid()) + ".mp4";
  const Ended ended = RunProgram({"ffmpeg",
                                  "-v",
                                  "error",
                                  "-nostdin",
                                  "-y",
                                  "-i",
                                  TestData("sample_film.mp4").string(),
                                  "-map",
                                  "0:v",
                                  "-map",
                                  "0:a",
                                  "-map",
                                  "0:s",
                                  "-vf",
                                  "scale=320:180",
                                  "-c:v",
                                  "libx264",
                                  "-crf",
                                  "18",
                                  "-threads",
                                  "1",
                                  "-c:a",
                                  "copy",
                                  "-c:s",
                                  "copy",
                                  "-fflags",
                                  "+bitexact",
                                  "-flags:v",
                                  "+bitexact",
                                  mine.string()});
  EXPECT_EQ(ended.code, 0) << ended.err;
  fs::rename(mine, film);
  return film;
}

json ProbeFilm(const fs::path& film) {
  return ProbeWith(film, {"-show_format", "-show_streams", "-show_chapters"});
}

json PictureOf(const json& probe) {
  for (const json& stream : probe.value("streams", json::array())) {
    if (stream.value("codec_type", "") == "video") return stream;
  }
  ADD_FAILURE() << "no picture track: " << probe;
  return json::object();
}

std::vector<json> StreamsOf(const json& probe, const std::string& type) {
  std::vector<json> streams;
  for (const json& stream : probe.value("streams", json::array())) {
    if (stream.value("codec_type", "") == type) streams.push_back(stream);
  }
  return streams;
}

std::string StereoSignal(const json& probe) {
  for (const json& data : PictureOf(probe).value("side_data_list", json::array())) {
    if (data.value("side_data_type", "") == "Stereo 3D") return data.value("type", "");
  }
  return "";
}

std::vector<double> FrameTimes(const fs::path& film) {
  const json probe = ProbeWith(film, {"-select_streams", "v:0", "-show_entries",
                                      "stream=time_base:frame=best_effort_timestamp"});
  if (probe.value("streams", json::array()).empty()) {
    ADD_FAILURE() << film << " has no picture track";
    return {};
  }
  const std::string base = probe["streams"][0].value("time_base", "0/1");
  const double num = std::stod(base);
  const double den = std::stod(base.substr(base.find('/') + 1));
  std::vector<double> times;
  for (const json& frame : probe.value("frames", json::array())) {
    times.push_back(frame.value("best_effort_timestamp", 0.0) * num / den);
  }
  return times;
}

void ExpectTimes(const fs::path& film, const std::vector<double>& times, double tolerance) {
  const std::vector<double> found = FrameTimes(film);
  ASSERT_EQ(found.size(), times.size()) << film;
  for (size_t i = 0; i < times.size(); ++i) {
    ASSERT_LE(std::abs(found[i] - times[i]), tolerance)
        << film << ", frame " << i << " at " << found[i] << " instead of " << times[i];
  }
}

std::vector<std::string> FrameHashes(const fs::path& film, const std::string& filter) {
  std::vector<std::string> args = {"ffmpeg",      "-v",   "error", "-nostdin", "-i",
                                   film.string(), "-map", "0:v:0", "-vsync",   "passthrough"};
  if (!filter.empty()) args.insert(args.end(), {"-vf", filter});
  args.insert(args.end(), {"-f", "framemd5", "-"});
  const Ended ended = RunProgram(args);
  EXPECT_EQ(ended.code, 0) << ended.err;
  std::vector<std::string> hashes;
  for (const std::string& line : ended.OutLines()) {
    if (!line.starts_with('#')) hashes.push_back(line.substr(line.rfind(' ') + 1));
  }
  return hashes;
}

std::string TrackHash(const fs::path& film, const std::string& track) {
  const Ended ended = RunProgram({"ffmpeg", "-v", "error", "-nostdin", "-i", film.string(), "-map",
                                  track, "-c", "copy", "-f", "md5", "-"});
  EXPECT_EQ(ended.code, 0) << film << " " << track << ": " << ended.err;
  return ended.out;
}

std::string FileHash(const fs::path& file) {
  const auto hash = Sha256OfFile(file);
  EXPECT_TRUE(hash.ok()) << hash.status();
  return hash.ok() ? *hash : "";
}

}  // namespace stereofarm
