// What must happen at once on the Redis server, as its scripts. Beside a value stand its lease and the set of the tags it
// carries; a tag is a sorted set of keys by the end of their ttl, and lives as long as the last of them.
import { sideKey } from "./keys.ts";

const TOOLS = `
local function lease_of(key) return '${sideKey.lease("")}' .. key end
local function tags_of(key) return '${sideKey.tagsOf("")}' .. key end
local function at_of(tag) return '${sideKey.tagInvalidAt("")}' .. tag end

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Negative: for ever.
local function live_for(key, ttl)
  if ttl < 0 then redis.call('PERSIST', key) else redis.call('PEXPIRE', key, ttl) end
end

local function end_with_last(tag)
  local last = redis.call('ZREVRANGE', tag, 0, 0, 'WITHSCORES')[2]
  if last == 'inf' then redis.call('PERSIST', tag)
  elseif last then redis.call('PEXPIREAT', tag, last) end
end

local function tag_with(key, tags, ttl)
  if #tags == 0 then return end
  local now = now_ms()
  for _, tag in ipairs(tags) do
    redis.call('ZREMRANGEBYSCORE', tag, '-inf', '(' .. now)
    redis.call('ZADD', tag, ttl < 0 and '+inf' or now + ttl, key)
    end_with_last(tag)
    redis.call('SADD', tags_of(key), tag)
  end
  live_for(tags_of(key), ttl)
end

-- The tags it carried.
local function untag(key)
  local tags = redis.call('SMEMBERS', tags_of(key))
  for _, tag in ipairs(tags) do
    redis.call('ZREM', tag, key)
    end_with_last(tag)
  end
  redis.call('DEL', tags_of(key))
  return tags
end

local function drop(key)
  untag(key)
  redis.call('DEL', lease_of(key))
  return redis.call('UNLINK', key)
end

local function put(key, tags, text, ttl)
  if ttl == 0 then return drop(key) end
  if ttl < 0 then redis.call('SET', key, text) else redis.call('SET', key, text, 'PX', ttl) end
  redis.call('DEL', lease_of(key))
  untag(key)
  tag_with(key, tags, ttl)
end

local function rest(list, first)
  local left = {}
  for i = first, #list do left[#left + 1] = list[i] end
  return left
end
`;

/** KEYS: value, tags…; ARGV: text, ttl (-1 for ever), condition. */
const SET = `
if ARGV[3] == 'nx' and redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
if ARGV[3] == 'xx' and redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
put(KEYS[1], rest(KEYS, 2), ARGV[1], tonumber(ARGV[2]))
return 1`;

/** KEYS: value, tags…; ARGV: text, ttl, token. If the lease still holds, and no tag was invalidated since it was given. */
const FILL = `
if redis.call('GET', lease_of(KEYS[1])) ~= ARGV[3] then return 0 end
local since = tonumber(string.match(ARGV[3], '^(%d+):'))
local tags = rest(KEYS, 2)
for _, tag in ipairs(tags) do
  local at = redis.call('GET', at_of(tag))
  if at and tonumber(at) >= since then
    redis.call('DEL', lease_of(KEYS[1]))
    return 0
  end
end
put(KEYS[1], tags, ARGV[1], tonumber(ARGV[2]))
return 1`;

/** KEYS: value; ARGV: token, lease ms, stale ms. A token begins with the instant it was given. */
const LEASE = `
local token = string.format('%.0f:', now_ms()) .. ARGV[1]
local text = redis.call('GET', KEYS[1])
local lease = lease_of(KEYS[1])
if text then
  local stale = tonumber(ARGV[3])
  local left = stale > 0 and redis.call('PTTL', KEYS[1]) or -1
  if left < 0 or left > stale then return {'hit', text} end
  if redis.call('SET', lease, token, 'NX', 'PX', ARGV[2]) then return {'stale', text, token} end
  return {'stale', text}
end
if redis.call('SET', lease, token, 'NX', 'PX', ARGV[2]) then return {'granted', token} end
return {'busy', redis.call('PTTL', lease)}`;

/** KEYS: owner's key; ARGV: what the token ends with. For an answer that was not waited for. */
const DROP_UNHEARD = `
local token = redis.call('GET', KEYS[1])
if token and string.sub(token, -#ARGV[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;

/** KEYS: values. */
const DELETE = `
local deleted = 0
for _, key in ipairs(KEYS) do deleted = deleted + drop(key) end
return deleted`;

/** KEYS: tag; ARGV: how long to remember (ms). */
const INVALIDATE_TAG = `return redis.call('SET', at_of(KEYS[1]), string.format('%.0f', now_ms()), 'PX', ARGV[1])`;

/** KEYS: tag; ARGV: how many at a time. Deleted, and members seen. */
const DELETE_TAGGED = `
local keys = redis.call('ZRANGE', KEYS[1], 0, ARGV[1] - 1)
local deleted = 0
for _, key in ipairs(keys) do
  deleted = deleted + drop(key)
  redis.call('ZREM', KEYS[1], key)
end
return {deleted, #keys}`;

/** KEYS: value; ARGV: by. */
const ADD = `
local text = redis.call('GET', KEYS[1])
if not text then return redis.error_reply('MISSING') end
if not string.match(text, '^-?%d+$') then return redis.error_reply('NOT_A_NUMBER') end
redis.call('DEL', lease_of(KEYS[1]))
return redis.call('INCRBY', KEYS[1], ARGV[1])`;

/** KEYS: value; ARGV: ttl. */
const EXPIRE = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local ttl = tonumber(ARGV[1])
if ttl == 0 then return drop(KEYS[1]) end
live_for(KEYS[1], ttl)
tag_with(KEYS[1], redis.call('SMEMBERS', tags_of(KEYS[1])), ttl)
return 1`;

/** KEYS: from, to. */
const RENAME = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if KEYS[1] == KEYS[2] then return 1 end
drop(KEYS[2])
local tags = untag(KEYS[1])
redis.call('RENAME', KEYS[1], KEYS[2])
redis.call('DEL', lease_of(KEYS[1]))
tag_with(KEYS[2], tags, redis.call('PTTL', KEYS[2]))
return 1`;

/** KEYS: owner's key; ARGV: token[, ms]. */
const DROP_OWN = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;
const RENEW_OWN = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0`;

export const SCRIPTS = {
  cacheSet: TOOLS + SET,
  cacheFill: TOOLS + FILL,
  cacheLease: TOOLS + LEASE,
  cacheDelete: TOOLS + DELETE,
  invalidateTag: TOOLS + INVALIDATE_TAG,
  deleteTagged: TOOLS + DELETE_TAGGED,
  cacheAdd: TOOLS + ADD,
  cacheExpire: TOOLS + EXPIRE,
  cacheRename: TOOLS + RENAME,
  dropUnheard: DROP_UNHEARD,
  dropOwn: DROP_OWN,
  renewOwn: RENEW_OWN,
};
export type Script = keyof typeof SCRIPTS;
