#!/usr/bin/perl
# `postern check` with an envelope: each gate in the order of decision, what it said
# and which decided; also without a message.
use strict;
use warnings;
use File::Temp qw(tempdir);
use JSON::PP ();
use Test::More;

my $postern = ($ENV{builddir} // '.') . '/postern';
plan skip_all => 'postern is not built' unless -x $postern;
my $dir = tempdir(CLEANUP => 1);

sub put {
	my ($name, $text) = @_;
	open my $fh, '>', "$dir/$name" or die "$dir/$name: $!";
	print $fh $text;
	close $fh or die;
}

put('l.access', "client 203.0.113.0/24 reject by ann note \"sold\"\nsender blocked.example reject\n"
	. "client 198.51.100.0/24 shadow reject\nclient 203.0.113.77 allow\n");
put('t.cf', "body BUY /buy now/\nscore BUY 20\n");
put('p.conf', "local_domains = postern.test\naccess = $dir/l.access\ntrap_recipients = trap\@postern.test\n");
put('m.eml', "From: a\@b.example\nSubject: x\n\nbuy now\n");

sub check {
	my (@words) = @_;
	open my $fh, '-|', $postern, 'check', '-c', "$dir/p.conf", '--rules', "$dir/t.cf", @words or die;
	my $out = do { local $/; <$fh> } // '';
	close $fh;
	return ($? >> 8, $out);
}

sub gates {
	my ($list) = @_;
	return { map { $_->{gate} => $_->{said} // join ',', map { "$_->{standing} $_->{action} $_->{name}" } @{ $_->{reasons} } } @$list };
}

my @AT_RCPT = qw(allow client helo sender recipient trap relay reputation client_dnsbl watch conflict brake);

# ---- without a message ------------------------------------------------------------

my @envelope = ('--client', '203.0.113.9', '--from', 'x@blocked.example', '--rcpt', 'far@other.test');
my ($rc, $out) = check('--json', @envelope);
is $rc, 1, 'an envelope by itself: refused';
my $j = eval { JSON::PP->new->decode($out) } || {};
is $j->{file}, 'envelope', 'named for what it is';
is $j->{class}, 'client', 'the first gate decided';
my $rcpt = $j->{rcpts}[0];
is_deeply [ map { $_->{gate} } @{ $rcpt->{gates} } ], \@AT_RCPT, 'every gate, in the order of decision';
my $said = gates($rcpt->{gates});
is $said->{client}, 'decided reject access client', 'the one that decided';
is $said->{sender}, 'also reject access sender', 'and those that would have: the sender list';
is $said->{relay}, 'also reject relay guard', 'the relay guard';
is $said->{helo}, 'nothing', 'one that had nothing to say';
is $said->{client_dnsbl}, 'off: no DNS lists are set', 'and one that is off';
like $rcpt->{gates}[1]{reasons}[0]{where}, qr/l\.access:1$/, 'with file and line';
ok !exists $j->{gates}, 'the message was not judged';

($rc, $out) = check(@envelope);
like $out, qr/^ +client list +decided reject: access client at \S+l\.access:1: 203\.0\.113\.0\/24 by ann: sold$/m, 'for people: what decided';
like $out, qr/^ +relay guard +also reject/m, 'for people: what else would have';
like $out, qr/client list.*HELO list.*sender list.*recipient list.*traps.*relay guard.*reputation.*client DNS lists.*watch/s, 'for people: in order';
like $out, qr/message: not asked for/, 'for people: no body';

# ---- who is excused ------------------------------------------------------------------

($rc, $out) = check('--json', '--client', '203.0.113.9', '--rcpt', 'abuse@postern.test', '--rcpt', 'trap@postern.test');
$j = eval { JSON::PP->new->decode($out) } || {};
is $rc, 0, 'one recipient is taken: the message goes on';
like gates($j->{rcpts}[0]{gates})->{client}, qr/^not asked: postmaster and abuse/, 'abuse is exempt, and it says so';
is gates($j->{rcpts}[1]{gates})->{trap}, 'also reject trap', 'each recipient has gates of its own';

($rc, $out) = check('--json', '--client', '203.0.113.77', '--rcpt', 'trap@postern.test');
$said = gates(eval { JSON::PP->new->decode($out)->{rcpts}[0]{gates} });
is $rc, 0, 'an allowed client passes';
is $said->{allow}, 'allows accept access client', 'the allow list is what let it';
is $said->{trap}, 'would reject trap', 'what would have refused is shown';

($rc, $out) = check('--json', '--client', '127.0.0.1', '--user', 'bob', '--rcpt', 'x@postern.test');
$said = gates(eval { JSON::PP->new->decode($out)->{rcpts}[0]{gates} });
is $said->{reputation}, 'not asked: the client is one of ours', 'one of ours is not judged by its address';

# ---- with a message ---------------------------------------------------------------------

($rc, $out) = check('--json', '--client', '198.51.100.9', '--rcpt', 'x@postern.test', "$dir/m.eml");
$j = eval { JSON::PP->new->decode($out) } || {};
is gates($j->{rcpts}[0]{gates})->{client}, 'would reject access client', 'shadow at RCPT';
$said = gates($j->{gates});
is $said->{score}, 'decided reject score', 'at the end of the message the score decided';
is $said->{dictionary}, 'off: there are no dictionaries', 'dictionaries are off';
is $said->{client}, 'would reject access client', 'and what was shadow at RCPT stays in the record';

# ---- settings that cannot mean what they say ------------------------------------------

sub lint {
	my (@settings) = @_;
	open my $fh, '-|', 'sh', '-c', 'exec "$@" 2>&1', 'sh', $postern, 'lint', '-c', "$dir/p.conf", '--rules', "$dir/t.cf", map { ('-o', $_) } @settings or die;
	my $out = do { local $/; <$fh> } // '';
	close $fh;
	return ($? >> 8) . " $out";
}

like lint('greylist=watch', 'grey_delay=5m', 'grey_retry=5m'), qr/^1 .*grey_retry must be longer than grey_delay/s, 'lint: a retry that never comes in time';
like lint('greylist=watch', 'grey_delay=5m', 'grey_retry=301s'), qr/^0 /, 'lint: a second more is fine';
like lint('grey_delay=5m', 'grey_retry=1m'), qr/^0 /, 'lint: nor does it matter when it is off';
like lint('throttle=watch', 'throttle_interval=999ms'), qr/^1 .*throttle_interval is at least one second/s, 'lint: no interval';
like lint('throttle=watch', 'throttle_messages=0', 'throttle_recipients=0'), qr/^0 .*warning.*it stops nothing/s, 'lint: a throttle without a limit';
like lint('throttle=watch', 'watch_action=tempfail'), qr/^0 .*warning.*never see it/s, 'lint: watch_action = tempfail comes first';
like lint('greylist=sometimes'), qr/^[12] .*greylist/s, 'lint: no such choice';
like lint('reply_greylist=again in {never} seconds'), qr/^1 .*reply_greylist has an unknown variable \{never\}/s, 'lint: an unknown variable';
like lint('reply_throttle=' . 'x' x 511), qr/^1 .*reply_throttle is longer than an SMTP reply/s, 'lint: a text over the limit';
like lint('reply_throttle=' . 'x' x 510), qr/^0 /, 'lint: and one at it';

($rc, $out) = check();
is $rc, 2, 'neither a message nor an envelope: usage';
done_testing;
