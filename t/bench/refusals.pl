#!/usr/bin/perl
# The ten refusals through a real Postfix and a real Sendmail.
#
#	t/bench/refusals.pl [-n TRANSACTIONS] [-r RULES]   what each costs
#	t/bench/refusals.pl -d                             the dialogue of each
#
# Cost: median time from MAIL to the refusal, octets both ways in that time, and CPU
# time of posternd for the whole session, of each early refusal beside the same message refused at its end.
# Each transaction has a session of its own; rounds go through all rows, so that what
# else the machine does meets all alike. Needs root and a built tree.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../e2e";
use Getopt::Std;
use Lab;
use MilterClient;
use Refusals;
use Scenario;
use Time::HiRes qw(time);

my @words = @ARGV;
my %o;
getopts('n:r:d', \%o) && @ARGV == 0 or die "usage: $0 [-n TRANSACTIONS] [-r RULES] | -d\n";
die "$0: needs root\n" if $> != 0;
Refusals::enter_network(@words);
my $public = Refusals::public_clients();
my $rounds = $o{n} || 200;

my $ME = 'you@postern.test';
my $ANN = 'ann@client.example';
my @ROWS = (
	{ row => 1, what => 'client list', ip => '203.0.1.10' },
	{ row => 2, what => 'DNS list on the client', ip => '203.0.5.7' },
	{ row => 3, what => 'relay guard', ip => '203.0.10.3', to => 'x@elsewhere.example' },
	{ row => 4, what => 'recipient list', ip => '203.0.10.4', to => 'old@postern.test' },
	{ row => 5, what => 'rule', ip => '203.0.10.5', mail => 'rules' },
	{ row => 6, what => 'dictionary', ip => '203.0.10.6', mail => 'dict' },
	{ row => 7, what => 'relay right for one domain', ip => '203.0.14.7', to => 'x@elsewhere.example' },
	{ row => 8, what => 'score', ip => '203.0.10.8', mail => 'spam' },
	{ row => 8, what => 'listed client', ip => '203.0.20.20' },
	{ row => 9, what => 'DNS list of links', ip => '203.0.10.9', mail => 'link' },
	{ row => 10, what => 'sender list', ip => '203.0.10.10', from => 'x@blocked.example' },
);
my %TEXT = (%Scenario::TEXT, link => 'come to http://www.parrot-sale.com/now');

my $lab = Lab->new;
# A listed client is listed for good here: no sample of its mail is read to the end.
my $dns = Refusals::start($lab, rep_sample_share => 0, rep_sample_gap => '30000d');

sub make_listed {
	my ($ip) = @_;
	my $m = MilterClient->new("$lab->{dir}/run/milter.sock", client => $ip);
	$lab->wait_for("$ip to be listed", 60, sub {
		$m->message(to => [ 'u' . int(rand 100000) . '@postern.test' ], text => $TEXT{spam}) for 1 .. 20;
		my (undef, $out) = $lab->postern('rep', 'show', '--json', $ip);
		$out =~ /"state":\s*"listed"/;
	});
	$m->quit;
}

# Postfix keeps a count of errors, so a session holds one refusal.
sub session { my ($kind, $port, $r) = @_; return Refusals::client($kind, $port, $r->{ip}) }

# ---- dialogues ---------------------------------------------------------------------

sub dialogue {
	my ($kind, $port, $r) = @_;
	my $c = session($kind, $port, $r);
	$c->{transcript} = '';
	my $reply = $c->deliver($r->{from} || $ANN, $r->{to} || $ME, Scenario::message($TEXT{ $r->{mail} || 'spam' }));
	$c->cmd('DATA') unless $r->{mail};
	$c->cmd('QUIT');
	print "### $r->{row}: $r->{what}, through \u$kind\n\n";
	print map { "    $_\n" } split /\n/, $c->{transcript};
	print "\n";
}

# ---- cost --------------------------------------------------------------------------

# The kernel's clock of another process' CPU time, all threads, also ended ones.
sub cpu_ms { return 1000 * Time::HiRes::clock_gettime(-8 * $lab->pid('posternd') - 6) }

# Time in ms and octets of one transaction.
sub transaction {
	my ($kind, $port, $r, $message) = @_;
	my $c = session($kind, $port, $r);
	my ($sent, $got) = (0, 0);
	my $start = time;
	my $say = sub {
		my ($text) = @_;
		$sent += length $text;
		print { $c->{s} } $text;
		my $reply = $c->reply;
		$got += length($reply) + 2;
		return $reply;
	};
	$say->('MAIL FROM:<' . ($r->{from} || $ANN) . ">\r\n");
	my $reply = $say->('RCPT TO:<' . ($r->{to} || $ME) . ">\r\n");
	if ($r->{mail}) {
		$reply = $say->("DATA\r\n");
		die "$kind: DATA: $reply" if $reply !~ /^354/;
		$reply = $say->("$message.\r\n");
	}
	my $ms = (time - $start) * 1000;
	die "$kind, $r->{what}: $reply" if $reply !~ /^554 5\.7\.1/;
	$c->quit;
	return ($ms, $sent + $got);
}

sub median { my @v = sort { $a <=> $b } @_; return $v[ @v / 2 ] }

# A mail of about so many octets, refused by its score.
sub mail_of {
	my ($octets) = @_;
	my $text = "look at my GREEN-SPOTTED-PARROT now\n";
	my @word = qw(the minutes of our last meeting are kept where everybody finds them and nobody reads);
	my $n = 0;
	while (length $text < $octets - 200) {
		$text .= join(' ', map { $word[ $n++ * 7 % @word ] . ($n % 11 ? '' : $n) } 1 .. 12) . "\n";
	}
	my $mail = Scenario::message($text);
	$mail =~ s/\r?\n/\r\n/g;
	return $mail;
}

sub cost {
	my ($kind, $port) = @_;
	my @cases = ((map { { %$_ } } grep { !$_->{mail} } @ROWS),
		map { { row => 8, what => "score, " . $_ / 1000 . ' kB', ip => '203.0.10.8', mail => 'spam', text => mail_of($_) } } 4000, 100000);
	for my $round (1 .. $rounds) {
		for my $r (@cases) {
			my $before = cpu_ms();
			my ($ms, $octets) = transaction($kind, $port, $r, $r->{text});
			push @{ $r->{cpu} }, cpu_ms() - $before;
			push @{ $r->{ms} }, $ms;
			push @{ $r->{octets} }, $octets;
		}
	}
	print "\n| through \u$kind: row | refused at | median ms | octets | CPU of posternd, ms a session |\n|---|---|---|---|---|\n";
	printf "| %d %s | %s | %.2f | %d | %.2f |\n", $_->{row}, $_->{what}, $_->{mail} ? 'end of message' : 'RCPT',
		median(@{ $_->{ms} }), median(@{ $_->{octets} }), median(@{ $_->{cpu} }) for @cases;
}

make_listed('203.0.20.20');
for my $kind (qw(postfix sendmail)) {
	if ($kind eq 'sendmail' && !$public) { warn "no public client addresses for sendmail here\n"; next }
	my $port = $lab->start_mta($kind) or do { warn "no private $kind on this machine\n"; next };
	if ($o{d}) { dialogue($kind, $port, $_) for @ROWS } else { cost($kind, $port) }
}
