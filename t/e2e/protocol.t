#!/usr/bin/perl
# What no sane MTA does, and what every MTA does differently: the milter protocol
# spoken directly.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lab;
use MilterClient;
use Scenario;
use Test::More;

my $lab = Lab->new;
$lab->start_posternd(rules => Scenario::write_rules($lab), max_recipients => 5,
	max_header_count => 20, max_body_bytes => '10k', default_action => 'tempfail',
	listed_action => 'shadow');
my $sock = "$lab->{dir}/run/milter.sock";
my ($spam, $clean) = @Scenario::TEXT{qw(spam clean)};

sub fresh { return MilterClient->new($sock, @_) }
sub is_spam { my ($r, $name) = @_; like $r->{reply} // $r->{action}, $Scenario::REFUSED{spam}, $name }
sub is_clean { my ($r, $name) = @_; is $r->{action}, 'accept', $name }

# ---- what is negotiated ------------------------------------------------------------
my $m = fresh();
ok $m->{steps} & 0x80, 'headers need no reply where the MTA offers that';
ok $m->{steps} & 0x80000, 'nor does the body';
ok $m->{steps} & 0x100, 'unknown commands are not asked for';
ok !($m->{actions} & 0x02), 'body replacement is not asked for';
$m->quit;
$m = fresh(offer => 0);
is_spam $m->message(text => $spam), 'an MTA that offers nothing is served as well';
$m->quit;

# ---- clients of every kind -----------------------------------------------------------
for my $case (
	[ 'IPv4', client => '198.51.100.7' ],
	[ 'IPv6 as Postfix writes it', client => '2001:db8::25' ],
	[ 'IPv6 as Sendmail writes it', client => 'IPv6:2001:db8:0:0:0:0:0:25' ],
	[ 'a local socket', client => '/tmp/x', family => 'L' ],
	[ 'no address at all', family => 'U', name => 'localhost' ],
	[ 'local submission', client => '127.0.0.1', port => 0, name => 'localhost' ],
	[ 'an unverified name', client => '198.51.100.8', name => '[198.51.100.8]', ptr => 'fake.example', resolve => 'FAIL' ],
) {
	my ($name, %o) = @$case;
	my $c = fresh($o{client} ? (client => delete $o{client}) : ());
	$c->connect(%o);
	$c->{connected} = 1;
	$c->helo;
	is_spam $c->message(text => $spam), "client: $name: spam is refused";
	is_clean $c->message(text => $clean), "client: $name: clean mail passes";
	$c->quit;
}

# ---- no state leaks -------------------------------------------------------------------
$m = fresh();
is_spam $m->message(text => $spam), 'spam';
is_clean $m->message(text => $clean), 'then clean: nothing sticks';
$m->begin;
$m->quiet(0x80, 'L', "Subject\0 $spam\0");
$m->quiet(0x40000, 'N', '');
$m->quiet(0x80000, 'B', "$spam\r\n");
$m->abort;
is_clean $m->message(text => $clean), 'abort in mid-body, then clean';
$m->begin;
is_spam $m->message(text => $spam), 'MAIL twice without abort';
my $first = $m->message(text => $spam);
my $second = $m->message(text => $spam);
isnt $first->{reply}, $second->{reply}, 'references differ';
$m->quit;

# ---- events out of order (libmilter answers none of them) ----------------------------------------------------------------
for my $case (
	[ 'body before MAIL', sub { $_[0]->quiet(0x80000, 'B', "x\r\n") } ],
	[ 'header before MAIL', sub { $_[0]->quiet(0x80, 'L', "A\0 b\0") } ],
	[ 'RCPT before MAIL', sub { $_[0]->packet('R', "<you\@postern.test>\0") } ],
	[ 'end of message before MAIL', sub { $_[0]->packet('E') } ],
	[ 'abort before anything', sub { $_[0]->abort } ],
) {
	my ($name, $do) = @$case;
	my $c = fresh();
	$c->connect;
	$c->helo;
	$c->{connected} = 1;
	$do->($c);
	my $r = $c->message(text => $spam);
	# libmilter itself may end such a connection; a verdict must be right.
	like $r->{reply} // $r->{action}, qr/spam rejection|^closed|^451/, "$name: served or closed, never accepted";
	$c->quit;
}
is_clean fresh()->message(text => $clean), 'and the daemon goes on';

# ---- limits, at and one above -------------------------------------------------------------
$m = fresh();
$m->begin(to => [ map { "u$_\@postern.test" } 1 .. 4 ]);
is $m->rcpt('u5@postern.test')->{action}, 'continue', 'the last recipient within the limit';
like $m->rcpt('u6@postern.test')->{reply}, qr/^452 4\.5\.3 Too many recipients/, 'one more is put off';
is_clean $m->finish(text => $clean), 'the others get their mail';
my @headers = map { [ "X-H$_" => 'x' ] } 1 .. 19;
is_spam $m->message(headers => [ @headers, [ Subject => $spam ] ], text => 'x'), 'the 20th header is seen';
is_clean $m->message(headers => [ @headers, [ 'X-H20' => 'x' ], [ Subject => $spam ] ], text => 'x'), 'the 21st is not';
my $line = ('x' x 62) . "\r\n";
is_spam $m->message(text => $line x 150 . $spam), 'spam within the scanned bytes';
is_clean $m->message(text => $line x 170 . $spam), 'and beyond them';
like $lab->log, qr/truncated=yes/, 'which the log tells';
$m->quit;

# ---- headers ---------------------------------------------------------------------------------
$m = fresh();
my $r = $m->message(headers => [ [ Subject => 'x' ], [ 'X-Spam-Flag' => 'NO' ], [ 'x-postern' => 'a' ], [ 'X-Postern' => 'b' ] ], text => $clean);
my @edits = map { $_->[0] eq 'm' ? [ unpack('N Z* Z*', $_->[1]) ] : $_->[0] eq 'i' ? [ 'insert', unpack('x4 Z* Z*', $_->[1]) ] : [ $_->[0] ] } @{ $r->{edits} };
my @deleted = map { "$_->[1]/$_->[0]" } grep { $_->[0] ne 'insert' } @edits;
is_deeply [ grep { /Postern/ } @deleted ], [ 'X-Postern/2', 'X-Postern/1' ], 'forged copies go from the last to the first';
my ($own) = grep { $_->[0] eq 'insert' && $_->[1] eq 'X-Postern' } @edits;
like $own->[2], qr/^ score=0\.0, ref=/, 'ours comes with the blank it needs';
$m->quit;

# ---- two hundred at once ------------------------------------------------------------------------
my @many = map { fresh(client => '192.0.2.' . ($_ % 200 + 1)) } 1 .. 200;
$_->begin for @many;
my $right = grep { ($_->finish(text => $spam)->{reply} // '') =~ $Scenario::REFUSED{spam} } @many;
is $right, 200, '200 sessions at once, each with its verdict';
my (undef, $status) = $lab->postern('status', '--json');
my ($open) = $status =~ /"sessions_open":\s*(\d+)/;
cmp_ok $open, '>=', 200, 'status counts them';
$_->quit for @many;

# ---- one turn for all -----------------------------------------------------------------------------
# All messages are complete before the first verdict is read, so they wait for
# the one turn together.
my $single = Lab->new;
$single->start_posternd(rules => Scenario::write_rules($single), max_parallel => 1);
my @waiting = map { MilterClient->new("$single->{dir}/run/milter.sock", client => "192.0.2.$_") } 1 .. 20;
$_->begin for @waiting;
$_->finish_later(text => $spam) for @waiting;
$right = grep { ($_->answer->{reply} // '') =~ $Scenario::REFUSED{spam} } @waiting;
is $right, 20, 'messages that wait for one turn all get their verdict';
$_->quit for @waiting;

# ---- garbage --------------------------------------------------------------------------------------
srand 7;
for my $n (1 .. 50) {
	my $c = eval { fresh() } or next;
	$c->packet((map { chr int rand 256 } 1)[0], join '', map { chr int rand 256 } 1 .. int rand 200) for 1 .. 3;
	close $c->{s};
}
is_clean fresh()->message(text => $clean), 'random packets hurt nobody else';
my $raw = IO::Socket::UNIX->new(Peer => $sock);
syswrite $raw, pack('N', 0xffffffff) . 'O';
close $raw;
is_clean fresh()->message(text => $clean), 'nor does an absurd length';
ok $lab->alive('posternd'), 'posternd is still there';
done_testing;
