// SPDX-License-Identifier: Apache-2.0
#include "symbolizer/worker/service.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "symbolizer/wire/sealed_file.h"
#include "symbolizer/worker/limits.h"
#include "symbolizer/worker/symbols/code_map.h"
#include "symbolizer/worker/symbols/file_identity.h"
#include "symbolizer/worker/symbols/file_names.h"

namespace sonde {
namespace {

constexpr int kProtocolExit = 65;

bool is_valid(const WireRequest& request, std::size_t fd_count) {
  if (request.magic != kWireMagic || request.fd_count != fd_count) return false;
  switch (request.kind) {
    case RequestKind::kDescribe:
      return fd_count == 1 && request.payload_bytes == 0;
    case RequestKind::kRows:
      return fd_count == 0 && request.payload_bytes == 0;
    case RequestKind::kCode:
      return fd_count == 1 && request.payload_bytes % 8 == 0 &&
             request.payload_bytes <= kMaxOffsets * 8;
    case RequestKind::kNames:
      return (fd_count == 1 || fd_count == 2) && request.payload_bytes % 8 == 0 &&
             request.payload_bytes <= kMaxOffsets * 8;
  }
  return false;
}

template <typename T>
std::string as_text(const T& value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
}

}  // namespace

int Service::run() {
  while (true) {
    WireRequest request;
    auto fds = receive_header(socket_, std::as_writable_bytes(std::span(&request, 1)), 2, 0);
    if (!fds) return fds.error().code == ErrorCode::kUnavailable ? 0 : kProtocolExit;
    if (!is_valid(request, fds->size())) return kProtocolExit;
    limit_request(request.memory_limit_bytes, request.cpu_limit_s);

    Result<Reply> reply = refuse(Reason::kWorkerMemory, "out of memory");
    try {
      std::vector<std::uint64_t> offsets(static_cast<std::size_t>(request.payload_bytes / 8));
      auto got = receive_bytes(socket_, std::as_writable_bytes(std::span(offsets)), 0);
      if (!got) return 0;
      reply = handle(request, *fds, offsets);
    } catch (const std::bad_alloc&) {
      described_.reset();
      names_.clear();  // what was being changed may be half done
    }
    if (auto sent = answer(request, reply); !sent) return 0;
  }
}

Result<Service::Reply> Service::handle(const WireRequest& request, const std::vector<UniqueFd>& fds,
                                       std::span<const std::uint64_t> offsets) {
  if (request.kind == RequestKind::kDescribe) return handle_describe(fds[0].get());
  if (request.kind == RequestKind::kRows) return handle_rows();
  if (request.kind == RequestKind::kCode) {
    auto names = names_of_code(fds[0].get(), offsets);
    if (!names) return names.error();
    Reply reply;
    reply.payload = std::move(*names);
    return reply;
  }

  return handle_names(request, fds, offsets);
}

Result<Service::Reply> Service::handle_names(const WireRequest& request,
                                             const std::vector<UniqueFd>& fds,
                                             std::span<const std::uint64_t> offsets) {
  NamesQuery query{.fd = fds[0].get(), .offsets = offsets};
  if (fds.size() == 2) {
    query.debug_fd = fds[1].get();
    if (request.use_crc != 0) query.debug_crc = request.debuglink_crc;
  }
  const auto key = FileKey::of(query.fd);
  if (key && described_key_ == *key) query.source = &described_;
  auto names = names_of(query, names_);
  if (!names) return names.error();
  Reply reply;
  reply.payload = std::move(names->message.head);
  reply.rest = std::move(names->message.strings);
  reply.debug_file_rejected = names->debug_file_rejected;
  reply.names_reused = names->reused;
  reply.names_evicted = names->evicted;
  return reply;
}

Result<Service::Reply> Service::handle_describe(int fd) {
  described_.reset();
  const auto key = FileKey::of(fd);
  if (!key) return key.error();
  described_key_ = *key;
  auto file = ElfFile::open(fd);
  if (!file) return file.error();
  WireFileInfo info = identify(*file);
  auto source = FrameSource::load(std::move(*file));
  if (!source) return source.error();
  auto digest = source->sha256();
  if (!digest) return digest.error();
  info.sha256 = *digest;
  info.has_unwind_tables = source->has_unwind_tables() ? 1 : 0;
  info.has_rows = source->empty() ? 0 : 1;
  described_.emplace(std::move(*source));
  Reply reply;
  reply.payload = as_text(info);
  return reply;
}

Result<Service::Reply> Service::handle_rows() {
  if (!described_) return refuse(Reason::kWorkerUnavailable, "no file has been described");
  const FrameSource source = std::move(*std::exchange(described_, std::nullopt));
  RowFileHeader header;
  const RowTable table = source.build(header.classes);
  Reply reply;
  const auto parts = row_file_parts(table, header);
  auto file = make_sealed_file("sonde-rows", parts);
  if (!file) return refuse(Reason::kWorkerMemory, file.error().message);
  reply.fd = std::move(*file);
  return reply;
}

Result<void> Service::answer(const WireRequest& request, const Result<Reply>& reply) {
  WireAnswer header;
  header.id = request.id;
  std::string_view payload;
  std::string_view rest;
  std::vector<int> fds;
  if (reply) {
    payload = reply->payload;
    if (reply->rest) rest = *reply->rest;
    if (reply->fd) fds.push_back(reply->fd.get());
    header.debug_file_rejected = reply->debug_file_rejected ? 1 : 0;
    header.names_reused = reply->names_reused ? 1 : 0;
    header.names_evicted = static_cast<std::uint32_t>(reply->names_evicted);
  } else {
    header.reason = static_cast<std::uint32_t>(reason_of(reply.error()));
    payload = std::string_view(reply.error().message).substr(0, 1024);
  }
  header.payload_bytes = payload.size() + rest.size();
  header.fd_count = static_cast<std::uint32_t>(fds.size());
  const WorkerUsage usage = own_usage();
  header.cpu_ns = usage.cpu_ns;
  header.peak_rss_bytes = usage.peak_rss_bytes;
  auto sent = send_message(socket_, std::as_bytes(std::span(&header, 1)), fds,
                           std::as_bytes(std::span(payload)), 0);
  if (!sent) return sent;
  return send_message(socket_, {}, {}, std::as_bytes(std::span(rest)), 0);
}

}  // namespace sonde
