#!/usr/bin/perl
# Access lists edited while the daemon runs: a good one comes into force, a bad, an
# empty or a shrunken one does not, and the last good one stays.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lab;
use MilterClient;
use Scenario;
use Test::More;

my $lab = Lab->new;
my $list = "$lab->{dir}/lists/a.access";
mkdir "$lab->{dir}/lists";

sub lines { return join '', map { "client 203.0.$_.0/24 reject\n" } @_ }

sub verdict {
	my ($ip) = @_;
	my $m = MilterClient->new("$lab->{dir}/run/milter.sock", client => $ip);
	my $r = $m->begin(to => ['you@postern.test']);
	$m->quit;
	return $r->{action};
}

sub put { my ($text) = @_; $lab->write_file($list, $text); chmod 0644, $list }

sub reload {
	my ($note, $want, @words) = @_;
	my ($rc, $out) = $lab->postern('reload', @words);
	is $rc, $want, "$note: reload says so" or diag $out;
	return $out;
}

put(lines(1 .. 10));
$lab->start_posternd(rules => Scenario::write_rules($lab), access => "$lab->{dir}/lists");
is verdict('203.0.1.1'), 'reject', 'a line in force';
is verdict('203.0.11.1'), 'continue', 'one that is not there yet';

# A session under way keeps the set it began its message with.
my $open = MilterClient->new("$lab->{dir}/run/milter.sock", client => '203.0.11.2');
$open->connect; $open->helo; $open->mail('ann@client.example');
put(lines(2 .. 11));
reload('edited', 0);
is $open->rcpt('you@postern.test')->{action}, 'continue', 'a message under way is judged by the old list';
$open->mail('ann@client.example');
is $open->rcpt('you@postern.test')->{action}, 'reject', 'the next one of the session by the new';
$open->quit;
is verdict('203.0.1.1'), 'continue', 'what was taken out is out';
is verdict('203.0.11.1'), 'reject', 'what was added is in';

put(lines(2 .. 11) . "client 203.0.999.0/24 reject\nclient 203.0.12.0/24 rejekt\n");
my $out = reload('a bad line', 1);
like $out, qr/a\.access:11:8: error: /, 'file, line and column of the first';
like $out, qr/a\.access:12:22: error: /, 'and of the second';
is verdict('203.0.11.1'), 'reject', 'the last good list stays in force';

put('');
like reload('empty', 1), qr/a\.access: .*(?:empty|no entries)|a\.access.*error/, 'an empty file is refused';
is verdict('203.0.11.1'), 'reject', 'and the list stays';

put(lines(2 .. 5));
like reload('less than half', 1), qr/a\.access/, 'a shrunken one too';
is verdict('203.0.11.1'), 'reject', 'and the list stays';
reload('forced', 0, '--force');
is verdict('203.0.11.1'), 'continue', 'unless it is forced';
is verdict('203.0.5.1'), 'reject', 'with what is in it';

unlink $list;
like reload('a file that was taken away', 0), qr/a\.access: warning: no longer among the access lists/, 'is told';
is verdict('203.0.5.1'), 'continue', 'and its lines with it';
ok $lab->alive('posternd'), 'posternd is still there';
done_testing;
